import { setImmediate } from 'node:timers/promises';
import type { BoxSurvey } from '../../src/curvature/box/result.js';
import { BoxSurveyor } from '../../src/curvature/box/survey.js';
import { Interrupt } from '../interrupt.js';
import { formatCount } from '../terminal/format.js';
import { columnsOf, startLive, type Live } from '../terminal/live.js';
import { styleFor } from '../terminal/style.js';
import { readRanges } from '../walk/assignments.js';
import type { Ground } from '../walk/surface-argument.js';
import { boxLines } from './box-lines.js';
import type { SurveyOptions } from './options.js';

/** A survey that takes longer is shown while it goes. */
const shownAfterMs = 400;

/** Where that is no terminal, so often. */
const lineEveryMs = 2000;

/**
 * Finds the critical points of a formula in the box that `--box` says and prints them, as text or with `--json` as one JSON object.
 * Interrupted, it prints what is known by then.
 * @throws ScreeError for a box that is none, and for more variables than can be surveyed
 */
export async function surveyBox(
  ground: Ground,
  { box = '', json = false, seed }: SurveyOptions,
): Promise<void> {
  const { surface } = ground;
  const sides = readRanges(box, surface.variables, { option: '--box', between: '..' });
  const surveyor = new BoxSurveyor(surface, sides, { seed });
  const interrupt = new Interrupt();
  interrupt.arm();
  try {
    await runToEnd(surveyor, interrupt.signal);
  } finally {
    interrupt.release();
  }
  const survey = surveyor.finish();
  if (json) process.stdout.write(`${boxJson(ground, survey)}\n`);
  else {
    const look = { columns: columnsOf(process.stdout), style: styleFor(process.stdout) };
    process.stdout.write(`${boxLines(ground, survey, look).join('\n')}\n`);
  }
  if (interrupt.exitCode !== undefined) process.exitCode = interrupt.exitCode;
}

/** Works and gives other events their turn. */
async function runToEnd(surveyor: BoxSurveyor, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  let live: Live | undefined;
  const line = () => {
    const { boxes, points, waiting } = surveyor.progress;
    const what = surveyor.method === 'interval' ? 'boxes' : 'starts';
    return `${formatCount(boxes)} ${what} looked at, ${formatCount(waiting)} waiting, ${formatCount(points)} critical points`;
  };
  try {
    while (surveyor.advance()) {
      await setImmediate();
      if (signal.aborted) break;
      if (live !== undefined || performance.now() - began < shownAfterMs) continue;
      live = startLive({ stream: process.stderr, view: () => [line()], line, lineEveryMs });
    }
  } finally {
    live?.stop({ clear: true });
  }
}

/** JSON has no infinity: a bound that is none is null. */
function boxJson({ text }: Ground, survey: BoxSurvey): string {
  return JSON.stringify({ formula: text, ...survey });
}
