import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../cli/program.js';
import { listCheckpoints, newestSound } from '../src/train/index.js';
import { scree, temporaryFolder } from './support/cli.js';
import { writeDataset } from './support/idx.js';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (...parts: string[]) => join(folder.path, ...parts);

let stdout = '';
let stderr = '';
function listen(): void {
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
}
beforeEach(listen);
afterEach(() => {
  vi.restoreAllMocks();
});

/** Two rows of each of three classes, of 8×8 bytes. */
const small = { shape: [8, 8], train: [0, 1, 2, 0, 1, 2], test: [0, 1, 2] };

beforeAll(async () => {
  listen();
  const run = ['train', 'mlp', '--threads', '1', '--quiet', '--steps', '30', '--out', at('run')];
  expect(await main(run)).toBe(0);
  mkdirSync(at('full'));
  writeFileSync(at('full', 'thesis.txt'), 'not to be lost');
  mkdirSync(at('damaged-run'));
  writeFileSync(at('damaged-run', 'run.json'), '{ "schema": 1, "scree"');
  cpSync(at('run'), at('empty-run'), { recursive: true });
  for (const { path } of await listCheckpoints(at('empty-run', 'checkpoints'))) truncateSync(path, 100);

  writeDataset(at('small'), small);
  writeDataset(at('outside'), { ...small, test: [0, 1, 7] });
  writeDataset(at('flat'), { ...small, shape: [64] });
  writeDataset(at('truncated'), small);
  truncateSync(at('truncated', 'train-images-idx3-ubyte'), 200);
  writeDataset(at('foreign'), small);
  writeFileSync(at('foreign', 'train-images-idx3-ubyte'), 'PK\u0003\u0004 some archive');
  writeDataset(at('missing'), small);
  mkdirSync(at('nothing'));

  writeFileSync(at('syntax.ts'), 'const a = 1;\nconst b = ;\n');
  writeFileSync(at('throws.ts'), 'interface A {\n  a: number;\n} throw new Error("on purpose");\n');
  writeFileSync(at('number.ts'), 'export default 3;\n');
  writeFileSync(at('short.csv'), '1,2,3\n');
  writeFileSync(at('words.csv'), `${new Array(64).fill('x').join(',')}\n`);
  writeFileSync(at('large.csv'), `${new Array(64).fill('256').join(',')}\n`);
  writeFileSync(at('empty.csv'), '');
  writeFileSync(at('quote.csv'), '"1,2\n');
  writeFileSync(at('wide.png'), encode({ width: 9, height: 8, data: new Uint8Array(72), channels: 1 }));
  writeFileSync(at('broken.png'), readFileSync(at('wide.png')).subarray(0, 40));
});

const train = (...options: string[]) => ['train', 'mlp', '--quiet', '--threads', '1', ...options];
const trainOn = (data: string, ...options: string[]) => train('--data', at(data), '--batch', '3', ...options);
const predict = (file: string) => ['predict', at('run'), at(file)];

const cases: [name: string, args: () => string[], message: string][] = [
  ['unknown command', () => ['trian'], "unknown command 'trian' (Did you mean train?)"],
  ['unknown option', () => train('--epoch', '3'), "unknown option '--epoch' (Did you mean --epochs?)"],
  ['unknown model', () => ['train', 'lenett'], 'unknown model "lenett"; did you mean "lenet"?'],
  ['unknown data', () => train('--data', 'digit'), 'unknown data set "digit"; did you mean "digits"?'],
  ['unknown optimizer', () => train('--optimizer', 'adma'), 'unknown optimizer "adma"; did you mean "adam"?'],
  [
    'unknown optimizer option',
    () => train('--optimizer', 'adam:lrr=1'),
    'unknown option "lrr"; did you mean "lr"?',
  ],
  [
    'unknown schedule',
    () => train('--schedule', 'cosin'),
    'unknown schedule "cosin"; did you mean "cosine"?',
  ],
  ['two models', () => train('lenet'), 'too many arguments'],
  ['no number', () => train('--epochs', 'many'), "argument 'many' is invalid. It must be a number."],
  ['no epochs', () => train('--epochs', '0'), 'epochs must be an integer from 1 to'],
  ['half a step', () => train('--steps', '1.5'), 'steps must be an integer from 1 to'],
  ['epochs and steps', () => train('--epochs', '1', '--steps', '1'), 'give epochs or steps, not both'],
  [
    'negative seed',
    () => train('--seed', '-1'),
    'seed must be an integer from 0 to 9007199254740991, not -1',
  ],
  ['no threads', () => ['train', '--threads', '0'], 'threads must be an integer from 1 to 1024, not 0'],
  ['empty batch', () => train('--batch', '0'), 'batch size must be an integer from 1 to 1437, not 0'],
  [
    'more than the data',
    () => train('--batch', '1438'),
    'batch size must be an integer from 1 to 1437, not 1438',
  ],
  ['negative rate', () => train('--optimizer', 'adam:lr=-1'), 'lr ≥ 0'],
  ['unknown loss', () => train('--loss', 'crossentropi'), 'unknown loss "crossentropi"; did you mean'],
  ['another task’s loss', () => train('--loss', 'mse'), 'loss mse is not for data that ask for classes'],
  [
    'unknown loss option',
    () => train('--loss', 'focal:gama=1'),
    'focal: unknown option "gama"; did you mean "gamma"?',
  ],
  ['parts of unlike sizes', () => train('--accumulate', '3'), 'take a divisor of 64'],
  ['curvature in parts', () => train('--accumulate', '2', '--optimizer', 'sophia'), 'take accumulate 1'],
  ['no parts', () => train('--accumulate', '0'), 'accumulate must be an integer from 1 to 64, not 0'],
  [
    'patience with nothing to watch',
    () => train('--patience', '3'),
    'hold rows back (--validation-split 0.1)',
  ],
  [
    'no patience',
    () => train('--patience', '0', '--validation-split', '0.1'),
    'patience must be an integer from 1',
  ],
  [
    'unknown augmentation',
    () => train('--augment', 'flop'),
    'unknown augmentation "flop"; did you mean "flip"?',
  ],
  ['unknown summary', () => train('--summary', 'long'), 'Allowed choices are short, full, none'],
  [
    'characters for numbers',
    () => ['train', 'mlp', '--data', 'alice', '--quiet'],
    'mlp takes numbers, and characters are none',
  ],
  ['numbers for characters', () => ['train', 'gru', '--quiet'], 'are no sequences of characters'],
  [
    'a model that is not there',
    () => ['train', at('none.ts'), '--quiet'],
    `cannot read model '${at('none.ts')}'`,
  ],
  [
    'a model that does not parse',
    () => ['train', at('syntax.ts'), '--quiet'],
    `${at('syntax.ts')}, line 2: Unexpected token`,
  ],
  [
    'a model that throws',
    () => ['train', at('throws.ts'), '--quiet'],
    `${at('throws.ts')}, line 3: on purpose`,
  ],
  [
    'a module without a model',
    () => ['train', at('number.ts'), '--quiet'],
    'its default export is the number 3',
  ],
  [
    'checkpoints too often',
    () => train('--checkpoint-every', '0'),
    'checkpoints come every 1 or more steps, not every 0',
  ],

  ['no such folder', () => train('--data', at('nowhere')), `there is no folder ${at('nowhere')}`],
  ['folder without data', () => trainOn('nothing'), at('nothing')],
  ['truncated data', () => trainOn('truncated'), 'truncated: 200 bytes, shape [6,8,8] takes 400'],
  ['foreign data', () => trainOn('foreign'), 'not an IDX file'],
  [
    'label outside',
    () => trainOn('outside'),
    'label 7 of row 2 of the test part is outside the 3 classes, 0 to 2',
  ],
  [
    'fewer rows than a batch',
    () => train('--data', at('small')),
    'batch size must be an integer from 1 to 6, not 64',
  ],
  [
    'no images',
    () => ['train', 'lenet', '--data', at('flat'), '--batch', '3'],
    'lenet: examples of shape [64] are no images',
  ],

  ['run folder with a run', () => train('--out', at('run')), 'holds a run already; go on with it (--resume'],
  ['folder with other things', () => train('--out', at('full')), `run folder '${at('full')}' is not empty`],
  [
    'file in place of a folder',
    () => train('--out', at('full', 'thesis.txt', 'run')),
    'cannot make run folder',
  ],
  ['resume nothing', () => ['train', '--resume', at('nowhere')], `there is no run folder '${at('nowhere')}'`],
  ['resume no run', () => ['train', '--resume', at('full')], 'is not a run folder: it holds no run.json'],
  [
    'resume a damaged run',
    () => ['train', '--resume', at('damaged-run')],
    "run.json' is damaged: it is not JSON",
  ],
  ['resume otherwise', () => ['train', '--resume', at('run'), '--seed', '1'], 'it cannot be given --seed'],
  ['resume another model', () => ['train', 'lenet', '--resume', at('run')], 'it cannot be given a model'],

  ['evaluate nothing', () => ['eval'], "missing required argument 'run'"],
  ['best of no validation part', () => ['eval', at('run'), '--checkpoint', 'best'], 'take the last one'],
  ['evaluate no run', () => ['eval', at('full')], 'is not a run folder'],
  ['no sound checkpoint', () => ['eval', at('empty-run')], 'step-00000030.safetensors'],
  ['no file', () => predict('nowhere.csv'), `cannot read ${at('nowhere.csv')}`],
  ['no examples', () => predict('empty.csv'), `${at('empty.csv')} holds no examples`],
  [
    'too few numbers',
    () => predict('short.csv'),
    'line 1 has 3 numbers; the model takes 64 an example, [1,8,8]',
  ],
  ['words', () => predict('words.csv'), 'line 1 has "x"; integers from 0 to 255 are expected'],
  ['a number too large', () => predict('large.csv'), 'line 1 has "256"; integers from 0 to 255 are expected'],
  ['an open quote', () => predict('quote.csv'), 'the quote opened on line 1 is never closed'],
  ['an image too wide', () => predict('wide.png'), 'is an image of 9×8; the model takes [1,8,8]'],
  ['a broken image', () => predict('broken.png'), `${at('broken.png')} cannot be read as an image`],
];

test.each(cases)('%s: one line, exit code 1, nothing else', async (_, args, message) => {
  const before = readFileSync(at('run', 'run.json'), 'utf8');
  expect(await main(args())).toBe(1);
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/ {4}at |undefined|\[object/);
  expect(stdout).toBe('');
  expect(readFileSync(at('run', 'run.json'), 'utf8')).toBe(before);
  expect(readFileSync(at('full', 'thesis.txt'), 'utf8')).toBe('not to be lost');
});

test('a run that diverges names step and rate, and keeps its last sound checkpoint', async () => {
  const diverging = [
    '--optimizer',
    'sgd:lr=1e-3',
    '--schedule',
    'constant:lr=1e30,warmup=300',
    '--checkpoint-every',
    '1',
  ];
  expect(await main(train('--out', at('diverged'), ...diverging))).toBe(1);
  expect(stderr).toMatch(
    /^error: .* at step \d+, where the learning rate was .*: the run diverged; take a smaller rate/,
  );
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(readFileSync(at('diverged', 'run.json'), 'utf8'))).toMatchObject({ status: 'failed' });
  const files = await listCheckpoints(at('diverged', 'checkpoints'));
  expect(stderr).toContain(files[0].path);
});

test('a run does not go on with data that have changed', async () => {
  writeDataset(at('changing'), small);
  const args = trainOn('changing', '--steps', '4', '--out', at('changing-run'));
  expect(await main(args)).toBe(0);
  writeDataset(at('changing'), { ...small, train: [0, 1, 2, 2, 1, 0] });
  expect(await main(['train', '--resume', at('changing-run')])).toBe(1);
  expect(stderr).toContain('the data set changing has changed since it was begun');
});

test('a fault of the program is one line too, and --debug shows where it came from', async () => {
  vi.spyOn(JSON, 'stringify').mockImplementation(() => {
    throw new TypeError('a fault\nof two lines');
  });
  expect(await main(['eval', at('run'), '--json'])).toBe(1);
  expect(stderr).toBe(
    'error: unexpected TypeError: a fault of two lines (run again with --debug for where it came from)\n',
  );
  expect(await main(['--debug', 'eval', at('run'), '--json'])).toBe(1);
  expect(stderr).toMatch(/\n +at .*bad-input\.test\.ts/);
});

describe('as a process', () => {
  test('the exit code is 1, and standard output stays empty', async () => {
    const result = await scree(['train', '--data', at('nowhere'), '--json']);
    expect(result).toMatchObject({ code: 1, signal: null, stdout: '' });
    expect(result.stderr).toMatch(/^error: there is no folder [^\n]+\n$/);
  });

  test('a full disk ends the run with one line, and what was saved before stays sound', async ({ skip }) => {
    const disk = at('disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=5m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      skip('only root can mount a small disk');
    }
    try {
      const out = join(disk, 'run');
      // A checkpoint takes 2 MB: those after step 20 and the epoch are kept, and the one after step 40 does not fit.
      const result = await scree(train('--steps', '100', '--checkpoint-every', '20', '--out', out));
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(/^error: cannot write '[^\n]*': no space is left on the disk\n$/);
      const { checkpoint, damaged } = await newestSound(join(out, 'checkpoints'));
      expect(damaged).toEqual([]);
      expect(checkpoint?.step).toBe(22);

      execFileSync('mount', ['-o', 'remount,size=20m', disk]);
      expect((await scree(['train', '--resume', out, '--quiet'])).code).toBe(0);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
