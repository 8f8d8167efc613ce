import { describe, expect, test } from 'vitest';
import { trainingLine, trainingView, type TrainingState } from './progress.js';
import { visibleWidth } from './text.js';

const state: TrainingState = {
  title: 'lenet on fashion-mnist',
  details: ['61,706 parameters', 'adamw', 'batch 64', '2 threads', 'runs/lenet-1'],
  epoch: 3,
  epochs: 5,
  step: 2671,
  steps: 4690,
  loss: 0.31236,
  measured: [
    { label: 'accuracy', value: '88.7%', width: 5 },
    { label: 'test', value: '87.9%', width: 5 },
  ],
  lr: 0.0031,
  stepsPerSecond: 231.4,
  losses: Array.from({ length: 300 }, (_, i) => 2.2 * Math.exp(-i / 40) + 0.3),
};

const show = (lines: readonly string[]) => `\n${lines.map((line) => line.trimEnd()).join('\n')}\n`;

describe('trainingView', () => {
  test('at 60 columns', () => {
    expect(show(trainingView(state, { columns: 60 }))).toMatchInlineSnapshot(`
      "
      lenet on fashion-mnist · 61,706 parameters · adamw

      epoch 3/5  ━━━━━━━━━━━━━━━━╾────────────  56%  9s left

      loss 0.3124   accuracy 88.7%   test 87.9%   231 steps/s

          2.446 ┤⠱⡀
                │ ⠘⢄
          1.560 ┤   ⠑⢄
                │     ⠑⠤⡀
                │       ⠈⠑⠢⠤⣀⡀
         0.3013 ┤            ⠈⠉⠉⠒⠒⠒⠤⠤⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
                └─────────────────────────────────────────────────
                 0                 loss                 step 2,671
      "
    `);
  });

  test('at 100 columns, the loss over more than a decade', () => {
    const losses = state.losses;
    const falling = Array.from(losses, (loss) => loss - 0.29);
    expect(show(trainingView({ ...state, losses: falling }, { columns: 100 }))).toMatchInlineSnapshot(`
      "
      lenet on fashion-mnist · 61,706 parameters · adamw · batch 64 · 2 threads · runs/lenet-1

      epoch 3/5  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╾─────────────────────────────  56%  9s left

      loss 0.3124   accuracy 88.7%   test 87.9%   231 steps/s     lr 0.0031     step 2,671/4,690

          2.210 ┤⠉⠑⠒⠒⠢⠤⠤⣀⣀⣀
                │          ⠉⠉⠑⠒⠒⠢⠤⠤⣀⣀⣀
         0.2497 ┤                     ⠉⠉⠉⠒⠒⠢⠤⠤⢄⣀⣀⡀
                │                                ⠈⠉⠉⠑⠒⠒⠤⠤⠤⢄⣀⣀⡀
                │                                            ⠈⠉⠉⠉⠒⠒⠒⠢⠤⠤⠤⣀⣀⣀⣀⡀
        0.01126 ┤                                                           ⠈⠉⠉⠉⠉⠑⠒⠒⠒⠒⠒⠢⠤⠤⠤⠤⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀⣀⣀⣀⣀
                └─────────────────────────────────────────────────────────────────────────────────────────
                 0                              loss (logarithmic)                              step 2,671
      "
    `);
  });

  test('before the first step, counting steps only, with a note', () => {
    const start: TrainingState = {
      title: 'mlp on digits',
      step: 0,
      steps: 500,
      losses: [],
      note: 'preparing',
    };
    expect(show(trainingView(start, { columns: 60, chartRows: 2 }))).toMatchInlineSnapshot(`
      "
      mlp on digits

      training  ──────────────────────────────   0%  preparing

      loss –        step   0/500

                │
                │
                └─────────────────────────────────────────────────
                 0                      loss
      "
    `);
  });

  test('at the end', () => {
    const end = { ...state, epoch: 5, step: 4690 };
    expect(show(trainingView(end, { columns: 100, chartRows: 0 }))).toMatchInlineSnapshot(`
      "
      lenet on fashion-mnist · 61,706 parameters · adamw · batch 64 · 2 threads · runs/lenet-1

      epoch 5/5  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 100%  done

      loss 0.3124   accuracy 88.7%   test 87.9%   231 steps/s     lr 0.0031     step 4,690/4,690
      "
    `);
  });

  test('is never wider than asked for nor of another height, whatever the state', () => {
    const states = [
      state,
      { ...state, step: 0, loss: undefined, measured: undefined, stepsPerSecond: undefined, losses: [] },
      { ...state, loss: NaN, losses: [NaN], note: 'saving a checkpoint of the run' },
      {
        ...state,
        title: 'a title that is far too long for a terminal '.repeat(3),
        epochs: 100_000,
        steps: 1e9,
      },
      {
        ...state,
        stepsPerSecond: 1e-9,
        lr: 1.23456e-17,
        measured: [{ label: 'test', value: '1,234', width: 6 }],
      },
    ];
    for (let columns = 60; columns <= 200; columns++) {
      for (const candidate of states) {
        const lines = trainingView(candidate, { columns });
        expect(lines).toHaveLength(14);
        expect(Math.max(...lines.map(visibleWidth))).toBeLessThanOrEqual(columns);
      }
    }
  });
});

test('trainingLine', () => {
  expect(trainingLine(state)).toBe(
    'epoch 3/5  step 2,671/4,690  loss 0.3124  accuracy 88.7%  test 87.9%  231 steps/s  lr 0.0031  9s left',
  );
  expect(
    trainingLine({ title: 'mlp on digits', step: 500, steps: 500, loss: 0.25, losses: [], note: 'testing' }),
  ).toBe('step 500/500  loss 0.2500  done  testing');
});
