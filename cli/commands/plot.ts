import { extname, join } from 'node:path';
import type { Command } from 'commander';
import { ScreeError } from '../../src/graph/errors.js';
import { readMetrics, readRun } from '../../src/train/index.js';
import { curveOf, drawRuns, smoothed, type PlottedRun } from '../../src/train/plot-run.js';
import { lineChart } from '../terminal/chart.js';
import { formatCount } from '../terminal/format.js';
import { styleFor } from '../terminal/style.js';
import { pngOf } from '../walk/png.js';
import { writeOut } from '../walk/write.js';

/** What a picture is written as, by the end of its name. */
const formats: Readonly<Record<string, (svg: string) => string | Uint8Array>> = {
  '.png': pngOf,
  '.svg': (svg) => svg,
};

export function addPlotCommand(program: Command): void {
  program
    .command('plot')
    .summary('draw loss, metric and learning rate of runs')
    .description(
      'Draw runs over their steps: the loss of batches with its smoothed curve, what was tested after each epoch, the metric of ' +
        'the task, and the learning rate. Several runs are laid over each other. On the terminal the loss of each is shown.',
    )
    .argument('<runs...>', 'folders of the runs')
    .option(
      '--out <files...>',
      'pictures to write, .png or .svg (default: plot.png and plot.svg in the first run)',
    )
    .action(runPlot);
}

async function readPlotted(path: string): Promise<PlottedRun & { readonly about: string }> {
  const run = await readRun(path);
  const rows = await readMetrics(join(path, 'metrics.jsonl'));
  if (rows.length === 0) throw new ScreeError(`run '${path}' has measured nothing yet`);
  return { name: path, rows, about: `${run.model.name} on ${run.data.name}` };
}

async function runPlot(paths: readonly string[], { out }: { out?: readonly string[] }): Promise<void> {
  const files = out ?? ['plot.png', 'plot.svg'].map((name) => join(paths[0], name));
  const wrong = files.find((file) => !Object.hasOwn(formats, extname(file).toLowerCase()));
  if (wrong !== undefined) {
    const ends = Object.keys(formats).join(' or ');
    throw new ScreeError(`cannot tell what to draw from the name ${wrong}; it must end in ${ends}`);
  }
  const runs = await Promise.all(paths.map(readPlotted));
  const titles = [...new Set(runs.map(({ about }) => about))];
  const title = titles.length === 1 ? titles[0] : `${titles[0]} and ${titles.length - 1} more`;
  const svg = drawRuns(runs, { title });
  for (const file of files) await writeOut(file, formats[extname(file).toLowerCase()](svg));
  const style = styleFor(process.stdout);
  const width = Math.min(100, process.stdout.columns ?? 80);
  const lines = runs.flatMap(({ name, about, rows }) => {
    const losses = smoothed(curveOf(rows, 'loss')).filter((_, index) => index % 2 === 1);
    const labels = ['0', 'loss, smoothed', formatCount(rows[rows.length - 1].step)] as const;
    return [`${name}: ${about}`, ...lineChart(losses, { width, rows: 6, scale: 'log', labels, style }), ''];
  });
  process.stdout.write(`${[...lines, ...files.map((file) => `wrote ${file}`)].join('\n')}\n`);
}
