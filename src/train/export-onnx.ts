import { encodeModel } from '../compile/onnx/encode.js';
import { portableModel } from '../compile/onnx/portable.js';
import type { Normalisation, Task } from '../data/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import type { Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree } from '../graph/tree.js';
import { torchNames, type Initialised, type Layer } from '../nn/index.js';
import { softmax, trace } from '../ops/index.js';
import type { Weights } from './start.js';
import { screeVersion } from './version.js';

/** A trained model and what is needed to use it elsewhere. */
export interface ExportedModel {
  readonly name: string;
  readonly model: Layer;
  /** What `model.init` gave: for its trees. */
  readonly initial: Initialised;
  readonly weights: Weights;
  /** Shape of one example. */
  readonly input: Shape;
  readonly task: Task;
  /** Constants of the training part; none where the examples are symbols. */
  readonly normalisation?: Normalisation;
}

export interface OnnxExportOptions {
  /** Whether the model standardises its input itself, so that it takes what the data's file holds; true by default. */
  readonly normalise?: boolean;
  /** More entries of the file's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

type Leaves = readonly Tensor[];

/** (x − mean) / std, a pair a channel, or one for all where an example is no image. */
function standardised(x: Tensor, { mean, std }: Normalisation): Tensor {
  const shape = mean.length === 1 ? [] : [mean.length, ...new Array<number>(x.rank - 2).fill(1)];
  const constant = (values: readonly number[]) =>
    x.builder.constant(ndarray(Float32Array.from(values), shape));
  return x.sub(constant(mean)).div(constant(std));
}

/** What the file's outputs are called, in the order of `answers`. */
const outputNames: Readonly<Record<Task['kind'], readonly string[]>> = {
  classification: ['logits', 'probabilities'],
  characters: ['logits', 'probabilities'],
  regression: ['prediction'],
};

function answers(output: Tensor, task: Task): Leaves {
  return task.kind === 'regression'
    ? [output.mul(task.std).add(task.mean)]
    : [output, softmax(output, output.rank - 1)];
}

/**
 * The bytes of an ONNX file (operator set 21, the standard's operators alone) that predicts as the model does when it is tested:
 * running statistics, no dropout. Input `input` [batch, ...example], float32 as the data's file holds them (`normalise`) or
 * int32 symbols. Outputs for classes and characters `logits` and `probabilities` [batch, (length,) classes], for a number
 * `prediction` [batch, 1] in the target's own unit. Its weights have the names of `torchNames`; dense ones are
 * [inputs, outputs]. The metadata hold `model`, `task`, `classes` or `alphabet` (JSON), `mean` and `std` (JSON), and whether
 * they are applied, `normalised`.
 * @throws ScreeError where the model computes anything from several examples together
 */
export function exportOnnx(
  { name, model, initial, weights, input, task, normalisation }: ExportedModel,
  { normalise = true, metadata }: OnnxExportOptions = {},
): Uint8Array {
  const names = torchNames(initial);
  const applied = normalise ? normalisation : undefined;
  const type = ({ shape, dtype }: TensorType): TensorType => ({ shape, dtype });
  const graph = (batch: number) =>
    trace<[Tensor, Leaves, Leaves], Leaves>(
      (x, parameters, state) => {
        const examples = applied === undefined ? x : standardised(x, applied);
        const trees = [
          unflattenTree(initial.parameters, parameters),
          unflattenTree(initial.state, state),
        ] as const;
        const { output } = model.apply(...trees, examples, { training: false });
        return answers(output, task);
      },
      [
        { shape: [batch, ...input], dtype: model.takes ?? 'float32' },
        flattenTree(initial.parameters).map(type),
        flattenTree(initial.state).map(type),
      ],
    );
  const named = (tensors: readonly { readonly name: string }[], arrays: Weights['parameters']) =>
    tensors.map((tensor, index) => ({ name: tensor.name, array: arrays[index] }));
  return encodeModel(
    portableModel({
      graph,
      input: 'input',
      outputs: outputNames[task.kind],
      weights: [...named(names.parameters, weights.parameters), ...named(names.state, weights.state)],
      metadata: {
        model: name,
        scree: screeVersion,
        ...taskMetadata(task),
        ...(normalisation && {
          mean: JSON.stringify(normalisation.mean),
          std: JSON.stringify(normalisation.std),
          normalised: String(applied !== undefined),
        }),
        ...metadata,
      },
    }),
  );
}

function taskMetadata(task: Task): Record<string, string> {
  switch (task.kind) {
    case 'classification':
      return { task: task.kind, classes: JSON.stringify(task.classes) };
    case 'characters':
      return { task: task.kind, alphabet: JSON.stringify(task.alphabet) };
    case 'regression':
      return { task: task.kind, target: task.target };
  }
}
