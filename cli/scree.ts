#!/usr/bin/env node
import { constants } from 'node:os';
import { main } from './program.js';

// Whoever reads may have enough before the end, as in `scree … | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(128 + constants.signals.SIGPIPE);
    throw error;
  });
}
process.exitCode = await main(process.argv.slice(2));
