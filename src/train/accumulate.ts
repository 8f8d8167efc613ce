import { compileGraph, type Executable } from '../compile/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import { ndarray, zeros, type NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { float32, int32, trace } from '../ops/index.js';
import type { StepShare } from './group.js';
import { batchOf, type Leaves } from './learner.js';
import {
  objectiveOn,
  runHostStep,
  truthArrays,
  truthTypes,
  updateContext,
  UpdateArrays,
  updateTypes,
  type Found,
  type StepBatch,
  type Stepper,
  type StepRequest,
  type StepValues,
  type UpdateInputs,
} from './step.js';

/*
 * Gradient accumulation: a batch is cut into parts of one size, and the mean of their mean gradients, which is the batch's mean
 * gradient, makes one step. Only a part's activations are in memory at a time. Sums are formed in another order than for the
 * whole batch, so the last bits of float32 differ; and batch norm sees each part as a batch of its own: its statistics are
 * the part's, and its running ones move once a part.
 */

/** The rows that a step is given: all of a batch, or one rank's. */
type Portion = Pick<StepShare, 'rows' | 'firstPart' | 'weight'>;

/**
 * Adds a part's share to the sums. Outputs: sums of gradients, the model's state, loss, count; inputs after the parameters are the same,
 * of which a single part has the model's state alone.
 */
function tracePart(request: StepRequest, { rows, weight }: Portion, parts: number): Graph {
  const { initial, start, input } = request;
  const { types } = start;
  const size = rows / parts;
  const share = (value: Tensor, divisor: number) => (divisor === 1 ? value : value.div(divisor));
  const total = (value: Tensor, before: Tensor | undefined) => before?.add(value) ?? value;
  return trace<[Leaves, Leaves, Leaves, Leaves, Tensor, Leaves, Tensor], Leaves>(
    (leaves, sums, state, [loss, tally], examples, truth, key) => {
      const objective = objectiveOn(request, state, examples, truth, key);
      const { value, gradient, aux } = objective(unflattenTree(initial.parameters, leaves));
      return [
        ...flattenTree<Tensor>(gradient).map((leaf, index) =>
          total(share(leaf, parts / weight), sums[index]),
        ),
        ...aux.slice(1),
        total(share(value, parts), loss),
        total(aux[0], tally),
      ];
    },
    [
      [...types.held],
      parts === 1 ? [] : [...types.held],
      [...types.state],
      parts === 1 ? [] : [float32(), float32()],
      batchOf(size, input),
      truthTypes(request, size),
      int32(2),
    ],
  );
}

type Update = (
  gradients: Tree<Tensor>,
  state: Tree<Tensor>,
  parameters: Tree<Tensor>,
  context: ReturnType<typeof updateContext>,
) => Leaves;

/** What is made of a step's gradients. Inputs: parameters, gradients, the optimiser's state, and what every update is given. */
function traceUpdate(request: StepRequest, update: Update): Graph {
  const { initial, start, optimizer, cyclesMomentum } = request;
  const { types, optimizerTree } = start;
  return trace<[Leaves, Leaves, Leaves, ...UpdateInputs], Leaves>(
    (leaves, sums, moments, ...inputs) => {
      const tree = unflattenTree(initial.parameters, leaves);
      const gradients = unflattenTree(initial.parameters, sums);
      const context = updateContext(optimizer, tree, inputs);
      // An output of its own even where the optimiser gives a tensor back as it was.
      return update(gradients, unflattenTree(optimizerTree, moments), tree, context).map((leaf) =>
        leaf.identity(),
      );
    },
    [[...types.held], [...types.held], [...types.optimizer], ...updateTypes(cyclesMomentum)],
  );
}

/** Where a part's sums go; two of them take turns. */
interface Side {
  readonly sums: readonly NDArray[];
  readonly state: readonly NDArray[];
  readonly loss: NDArray;
  readonly tally: NDArray;
}

const blank = (types: readonly TensorType[]) => types.map(({ shape, dtype }) => zeros(shape, dtype));
const arraysOf = ({ sums, state, loss, tally }: Side) => [...sums, ...state, loss, tally];

/** So many rows of a batch from row `first` on: a view. */
function rows({ data, shape: [, ...each], dtype }: NDArray, first: number, count: number): NDArray {
  const width = each.reduce((product, extent) => product * extent, 1);
  return { data: data.subarray(first * width, (first + count) * width), shape: [count, ...each], dtype };
}

interface Programs {
  readonly part: Executable;
  /** Where the optimiser wants the gradient at another place. */
  readonly place?: Executable;
  readonly apply: Executable;
}

/** A training step as a few programs: one that adds up gradients, run for each part of the batch, and one that applies them. */
export class AccumulatedStep implements Stepper {
  readonly #update: UpdateArrays;
  readonly #key = ndarray(new Int32Array(2));
  readonly #sides: [Side, Side];
  readonly #place: readonly NDArray[];

  private constructor(
    private readonly programs: Programs,
    private readonly request: StepRequest,
    private readonly portion: Portion,
    private readonly parts: number,
    private readonly share: StepShare | undefined,
  ) {
    const { types } = request.start;
    const side = (sums: readonly NDArray[]): Side => ({
      sums,
      state: blank(types.state),
      loss: zeros([]),
      tally: zeros([]),
    });
    const gradients = side(share?.gradients ?? blank(types.held));
    this.#sides = [parts === 1 ? gradients : side(blank(types.held)), gradients];
    this.#update = new UpdateArrays(request.cyclesMomentum);
    this.#place = programs.place === undefined ? [] : blank(types.held);
  }

  /**
   * Traces and compiles the programs.
   * @param parts how many parts a batch, or a rank's share of it, is cut into
   * @param share where this rank does a part of the batch only
   * @throws ScreeError when the parts cannot be of one size, or the optimiser needs more of a batch than its gradient
   */
  static async compile(request: StepRequest, parts: number, share?: StepShare): Promise<AccumulatedStep> {
    const { batchSize, optimizer, compile } = request;
    const portion = share ?? { rows: batchSize, firstPart: 0, weight: 1 };
    const { rows } = portion;
    if (!Number.isInteger(parts) || parts < 1 || rows % parts !== 0) {
      const what = share === undefined ? `a batch of ${rows}` : `a rank's ${rows} rows of a batch`;
      throw new ScreeError(
        `train: ${what} cannot be accumulated from ${parts} parts of one size; take a divisor of ${rows}`,
      );
    }
    if (optimizer.needs?.gradient === true) {
      throw new ScreeError(
        `train: ${optimizer.name} measures curvature on the whole batch, which ` +
          (share === undefined
            ? 'gradient accumulation never has in one piece; take accumulate 1'
            : 'no rank has; train on one rank') +
          ' (or sophia:estimator=gaussNewton)',
      );
    }
    const compiled = async (graph: Graph) => compileGraph(graph, compile);
    // Gradients are the first outputs.
    const isAsync = compile.target === 'native' || compile.target === 'onnx';
    const early = isAsync ? { ...compile, groups: share?.groups } : compile;
    return new AccumulatedStep(
      {
        part: await compileGraph(tracePart(request, portion, parts), early),
        place:
          optimizer.gradientAt &&
          (await compiled(
            traceUpdate(request, (...args) =>
              flattenTree<Tensor>(optimizer.gradientAt?.(...args) ?? args[2]),
            ),
          )),
        apply: await compiled(
          traceUpdate(request, (...args) => {
            const { parameters, state } = optimizer.update(...args);
            return [...flattenTree(parameters), ...flattenTree(state)];
          }),
        ),
      },
      request,
      portion,
      parts,
      share,
    );
  }

  async run(batch: StepBatch, values: StepValues): Promise<Found> {
    const { judge, start } = this.request;
    const { state, types } = start;
    const trained = types.parameters.length;
    const moving = trained + types.state.length;
    const parameters = state.current.slice(0, trained);
    const moments = state.current.slice(moving);
    const update = this.#update.fill(values);
    const first = await this.accumulate(parameters, batch, values);
    const own = {
      loss: first.loss.data[0],
      mean: first.tally.data[0] / (this.portion.rows * judge.labelsEach),
    };
    const found = (await this.share?.reduce(own, values.step)) ?? own;
    // The model's state is that of the first evaluation, as in one program.
    first.state.forEach(({ data }, index) => state.next[trained + index].data.set(data));
    let { sums } = first;
    if (this.programs.place !== undefined) {
      await this.programs.place.run([...parameters, ...sums, ...moments, ...update], [...this.#place]);
      ({ sums } = await this.accumulate(this.#place, batch, values));
      await this.share?.reduce(own, values.step);
    }
    await this.programs.apply.run(
      [...parameters, ...sums, ...moments, ...update],
      [...state.next.slice(0, trained), ...state.next.slice(moving)],
    );
    state.swap();
    runHostStep(this.request, values.step);
    return found;
  }

  /** Sums over the parts of a batch, with the model's state after the last. */
  private async accumulate(
    parameters: readonly NDArray[],
    batch: StepBatch,
    values: StepValues,
  ): Promise<Side> {
    const { start } = this.request;
    const { rows: count, firstPart } = this.portion;
    const size = count / this.parts;
    const trained = start.types.parameters.length;
    const modelState = start.state.current.slice(trained, trained + start.types.state.length);
    // The last part writes where the gradient is to be.
    let [from, to] = this.parts % 2 === 1 ? this.#sides : [this.#sides[1], this.#sides[0]];
    if (this.parts > 1) {
      for (const { data } of [...from.sums, from.loss, from.tally]) data.fill(0);
      from.state.forEach(({ data }, index) => data.set(modelState[index].data));
    }
    for (let part = 0; part < this.parts; part++) {
      // Each part has masks of its own.
      this.#key.data.set(values.random.fork(firstPart + part).key);
      const first = part * size;
      const cut = truthArrays(batch).map((array) =>
        array.shape.length === 0 ? array : rows(array, first, size),
      );
      await this.programs.part.run(
        [
          ...parameters,
          ...(this.parts === 1 ? modelState : arraysOf(from)),
          rows(batch.inputs, first, size),
          ...cut,
          this.#key,
        ],
        arraysOf(to),
        part === this.parts - 1 ? (group) => this.share?.begin(group, values.step) : undefined,
      );
      [from, to] = [to, from];
    }
    return from;
  }

  get memoryBytes(): number | undefined {
    const { part, place, apply } = this.programs;
    if (part.bytes === undefined) return undefined;
    const arrays = new Set(this.#sides.flatMap(arraysOf));
    const sums = [...arrays].reduce((sum, { data }) => sum + data.byteLength, 0);
    return part.bytes + (place?.bytes ?? 0) + (apply.bytes ?? 0) + sums;
  }

  close(): void {
    const { part, place, apply } = this.programs;
    for (const program of [part, place, apply]) program?.close();
  }
}
