import { Command, CommanderError } from 'commander';
import { screeVersion } from '../src/train/index.js';
import { addBasinsCommand } from './commands/basins.js';
import { addEvalCommand } from './commands/eval.js';
import { addExplainCommand } from './commands/explain.js';
import { addExportCommand } from './commands/export.js';
import { addGenerateCommand } from './commands/generate.js';
import { addLaunchCommand } from './commands/launch.js';
import { addModelsCommand } from './commands/models.js';
import { addNativeCommand } from './commands/native.js';
import { addPlotCommand } from './commands/plot.js';
import { addPredictCommand } from './commands/predict.js';
import { addRaceCommand } from './commands/race.js';
import { addSurfacesCommand } from './commands/surfaces.js';
import { addSurveyCommand } from './commands/survey.js';
import { addTrainCommand } from './commands/train.js';
import { addWalkCommand } from './commands/walk.js';
import { addWireCommand } from './commands/wire.js';
import { tellError } from './errors.js';

function makeProgram(): Command {
  const program = new Command('scree')
    .description('Go down loss surfaces and train neural networks.')
    .version(screeVersion)
    .option('--debug', 'show where an error came from')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      // Commander's hints come on a line of their own; an error is one line.
      outputError: (text, write) => write(`${text.trim().replace(/\s*\n\s*/g, ' ')}\n`),
    })
    .exitOverride();
  addWalkCommand(program);
  addBasinsCommand(program);
  addRaceCommand(program);
  addSurfacesCommand(program);
  addSurveyCommand(program);
  addTrainCommand(program);
  addLaunchCommand(program);
  addWireCommand(program);
  addEvalCommand(program);
  addPredictCommand(program);
  addGenerateCommand(program);
  addPlotCommand(program);
  addExplainCommand(program);
  addExportCommand(program);
  addModelsCommand(program);
  addNativeCommand(program);
  return program;
}

/**
 * Runs a command line.
 * @param args what stands after the name of the program
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  const program = makeProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has told its own already: help, the version, an unknown option.
    if (error instanceof CommanderError) return error.exitCode;
    tellError(error, { debug: program.opts<{ debug?: boolean }>().debug === true });
    return 1;
  }
}
