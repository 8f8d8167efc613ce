#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { screeVersion } from '../src/train/index.js';
import { addEvalCommand } from './commands/eval.js';
import { addPredictCommand } from './commands/predict.js';
import { addTrainCommand } from './commands/train.js';
import { reportError } from './errors.js';

const program = new Command('scree')
  .description('Go down loss surfaces and train neural networks.')
  .version(screeVersion)
  .option('--debug', 'show where an error came from')
  .configureHelp({ showGlobalOptions: true })
  // Commander's hints come on a line of their own; an error is one line.
  .configureOutput({ outputError: (text, write) => write(`${text.trim().replace(/\s*\n\s*/g, ' ')}\n`) })
  .exitOverride();

addTrainCommand(program);
addEvalCommand(program);
addPredictCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  // Commander has told its own already: help, the version, an unknown option.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else reportError(error, { debug: program.opts<{ debug?: boolean }>().debug === true });
}
