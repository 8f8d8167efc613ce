import { appendFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/cli.js';
import { loadDataset } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import { isModelPath, loadModelModule } from './model-module.js';
import { loadRun, resumeRun } from './load-run.js';
import type { Progress } from './loop.js';
import { train } from './train.js';

const folder = temporaryFolder();
afterAll(folder.remove);

function file(name: string, source: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, source);
  return path;
}

const table = `import { dense, flatten, relu, sequential, type Layer } from 'scree/nn';

enum Width { hidden = 12 }

export default function (input: readonly number[], outputs: number): Layer {
  return sequential(flatten(), dense(Width.hidden), relu(), dense(outputs));
}
`;

test.each([
  ['./model', true],
  ['model.ts', true],
  ['C:\\models\\model', true],
  ['model.mjs', true],
  ['resnet18', false],
  ['mlp.txt', false],
])('%s is a path: %s', (model, expected) => {
  expect(isModelPath(model)).toBe(expected);
});

describe('a module of the user’s own', () => {
  test('is TypeScript, and gets shape and outputs', async () => {
    const path = file('table.ts', table);
    const module = await loadModelModule(path);
    const { layers } = module.build([2, 3], 5);
    expect(layers?.map(({ name }) => name)).toEqual(['flatten', 'dense 12', 'relu', 'dense 5']);
    expect(module.sha256).toBe(createHash('sha256').update(table).digest('hex'));
  });

  test('may be a layer, a model, or JavaScript with imports of its own', async () => {
    file('part.js', 'export const width = 7;\n');
    const layer = file(
      'layer.mjs',
      `import { dense } from 'scree/nn'; import { width } from './part.js'; export default dense(width);`,
    );
    const model = file(
      'model.ts',
      `import { models, type Model } from 'scree/nn'; export default models.mlp satisfies Model;`,
    );
    const common = file(
      'common.cjs',
      `const { dense } = require('scree/nn'); module.exports = (input, n) => dense(n);`,
    );
    expect((await loadModelModule(layer)).build([4], 2).name).toBe('dense 7');
    expect((await loadModelModule(model)).build([4], 2).layers).toHaveLength(6);
    expect((await loadModelModule(common)).build([4], 2).name).toBe('dense 2');
  });

  test('is loaded again when it has changed', async () => {
    const path = file('changing.ts', `import { dense } from 'scree/nn'; export default dense(1);`);
    expect((await loadModelModule(path)).build([4], 2).name).toBe('dense 1');
    file('changing.ts', `import { dense } from 'scree/nn'; export default dense(2);`);
    expect((await loadModelModule(path)).build([4], 2).name).toBe('dense 2');
  });

  const oneLine = 'export default ';
  test.each([
    ['does not parse', 'const a = 1;\n\nconst b = ;\n', ', line 3: Unexpected token'],
    [
      'throws',
      'interface A {\n  a: number;\n}\n\nthrow new RangeError(`no ${1 as number}`);\n',
      ', line 5: no 1',
    ],
    [
      'calls what is not there',
      `import { dence } from 'scree/nn';\nexport default dence(3);\n`,
      ', line 2: dence is not a function',
    ],
    [
      'imports what is not there',
      `import { x } from './nowhere.js';\nexport default x;\n`,
      "Cannot find module './nowhere.js'",
    ],
    ['exports nothing', '', ' exports no model: its default export must be a Layer'],
    ['exports no default', 'export const net = 1;', '(it exports net)'],
    ['exports a number', `${oneLine}3;`, 'its default export is the number 3; it must be a Layer'],
    ['exports another object', `${oneLine}{ layers: [] };`, 'its default export is an object with layers'],
    [
      'gives a promise',
      `${oneLine}async () => 1;`,
      ' gives a promise for a model; its default export must be',
    ],
    ['gives nothing', `${oneLine}() => undefined;`, ' gives nothing for a model'],
    [
      'asks for what cannot be',
      `import { dense } from 'scree/nn';\n\n${oneLine}() => dense(-1);`,
      ', line 3: dense: outputs must be a positive integer, not -1',
    ],
    [
      'reshapes to what cannot be',
      `${oneLine}{\n  init: () => ({ parameters: [], state: [], output: [10] }),\n  apply: (p: [], state: [], x: { reshape(shape: number[]): never }) => ({\n    output: x.reshape([7]),\n    state,\n  }),\n};\n`,
      ', line 4: reshape: [64,1,8,8] has 4096 elements, [7] has 7',
    ],
  ])('that %s is named, with the line', async (what, source, message) => {
    const path = file(`${what.replaceAll(' ', '-')}.ts`, source);
    const failure = train({ model: path, data: await loadDataset('digits'), steps: 1, target: 'javascript' });
    await expect(failure).rejects.toThrow(path);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(ScreeError);
    const told = await failure.catch((error: unknown) => (error instanceof Error ? error.message : ''));
    expect(told).not.toContain('\n');
  });

  test('that is not there is named', async () => {
    await expect(loadModelModule('./nowhere.ts')).rejects.toThrow('there is no such file or folder');
  });

  test('is trained, tested and gone on with by its path; a change is told', async () => {
    const path = file('run-model.ts', table);
    const out = join(folder.path, 'run');
    const shared = {
      data: await loadDataset('digits'),
      dataSource: { from: 'digits', options: {} },
      target: 'javascript',
      steps: 60,
    } as const;
    const controller = new AbortController();
    const onProgress = (progress: Progress) => {
      if (progress.kind === 'step' && progress.step === 30) controller.abort();
    };
    await train({ ...shared, model: path, out, onProgress, signal: controller.signal });
    const whole = await train({ ...shared, model: path });
    const told: string[] = [];
    const listen = (progress: Progress) => {
      if (progress.kind === 'warning') told.push(progress.message);
    };
    const resumed = await resumeRun(out, { onProgress: listen });
    expect(told).toEqual([]);
    expect(resumed.parameters).toEqual(whole.parameters);
    expect(resumed.report.model).toBe('run-model');
    const before = await loadRun(out);
    expect(before.warnings).toEqual([]);
    await before.evaluator.close();

    appendFileSync(path, '// Changed.\n');
    const after = await loadRun(out);
    const warning = `the model's file ${path} has changed since the run was begun: what it computes may differ`;
    expect(after.warnings).toEqual([warning]);
    const { test } = shared.data;
    expect(await after.evaluator.score(after.weights, test)).toEqual(whole.report.test);
    await after.evaluator.close();
    await resumeRun(out, { onProgress: listen });
    expect(told).toEqual([warning]);
  });
});
