import { extname } from 'node:path';
import type { Command } from 'commander';
import { ScreeError } from '../../src/graph/errors.js';
import {
  exportOnnx,
  exportWeights,
  loadRun,
  type CheckpointChoice,
  type ExportedModel,
} from '../../src/train/index.js';
import { formatCount, formatSI } from '../terminal/format.js';
import { writeOut } from '../walk/write.js';
import { addCheckpointOption } from './eval.js';

interface ExportCommandOptions {
  normalise: boolean;
  json?: boolean;
  checkpoint?: CheckpointChoice;
}

/** What a file is written as, by the end of its name. */
const formats: Readonly<
  Record<string, (model: ExportedModel, options: ExportCommandOptions, step: number) => Uint8Array>
> = {
  '.onnx': (model, { normalise }, step) => exportOnnx(model, { normalise, metadata: { step: String(step) } }),
  '.safetensors': (model) => exportWeights(model),
};

export function addExportCommand(program: Command): void {
  const command = program
    .command('export')
    .summary('write the model of a run as ONNX, or its weights as safetensors')
    .description(
      'Write the model of a run for other programs. FILE.onnx: the model as it is tested, for any ' +
        "number of examples, in the ONNX standard's operators (set 21). FILE.safetensors: the weights under PyTorch's names " +
        "and in its layouts, for the residual networks torchvision's.",
    )
    .argument('<run>', 'folder of the run')
    .argument('<file>', 'where to: a name that ends in .onnx or .safetensors')
    .option('--no-normalise', 'the ONNX model takes standardised inputs, not what the data file holds')
    .option('--json', 'what was written as one JSON object');
  addCheckpointOption(command).action(runExport);
}

async function runExport(path: string, file: string, options: ExportCommandOptions): Promise<void> {
  const extension = extname(file).toLowerCase();
  if (!Object.hasOwn(formats, extension)) {
    throw new ScreeError(
      `cannot tell what to write from the name ${file}; it must end in ${Object.keys(formats).join(' or ')}`,
    );
  }
  const loaded = await loadRun(path, { checkpoint: options.checkpoint });
  for (const line of loaded.warnings) process.stderr.write(`warning: ${line}\n`);
  try {
    const { run, checkpoint } = loaded;
    const bytes = formats[extension]({ name: run.model.name, ...loaded }, options, checkpoint.step);
    await writeOut(file, bytes);
    const { name: model } = run.model;
    if (options.json) {
      const result = { run: path, model, step: checkpoint.step, file, bytes: bytes.length };
      process.stdout.write(`${JSON.stringify(result)}\n`);
      return;
    }
    process.stdout.write(
      `wrote ${model} after step ${formatCount(checkpoint.step)} to ${file}, ${formatSI(bytes.length, 'B')}\n`,
    );
  } finally {
    await loaded.evaluator.close();
  }
}
