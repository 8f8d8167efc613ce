import { ScreeError } from '../graph/errors.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import { split } from '../ops/index.js';
import { scan } from '../transform/index.js';
import { fanInUniform } from './initializers.js';
import { nothing, type Layer, type Nothing } from './layer.js';
import { requireCount } from './options.js';

export interface RecurrentOptions {
  /** Layers, each over the sequence that the one before gives; 1 by default. */
  readonly layers?: number;
  /** Whether the layer gives the hidden state at each place (the default), or the last one alone. */
  readonly returnSequence?: boolean;
}

/** One layer's parameters, named and ordered as in PyTorch, the weights transposed. */
export type Cell = {
  /** [inputs, gates · hidden] */
  readonly inputWeight: Tensor;
  /** [hidden, gates · hidden] */
  readonly hiddenWeight: Tensor;
  /** [gates · hidden] */
  readonly inputBias: Tensor;
  /** [gates · hidden] */
  readonly hiddenBias: Tensor;
};

/** Hidden states [length, batch, hidden], from what the inputs give to the gates, [length, batch, gates · hidden]. */
type Run = (fromInputs: Tensor, cell: Cell) => { readonly sequence: Tensor; readonly last: Tensor };

function recurrent(
  name: string,
  gates: number,
  hidden: number,
  { layers = 1, returnSequence = true }: RecurrentOptions,
  run: Run,
): Layer<readonly Cell[], Nothing> {
  requireCount(name, 'hidden', hidden);
  requireCount(name, 'layers', layers);
  return {
    name: `${name} ${hidden}${layers === 1 ? '' : ` of ${layers} layers`}`,
    init(generator, input) {
      if (input.length !== 2 || input[1] < 1) {
        throw new ScreeError(
          `${name}: examples of shape ${showShape(input)} are no sequences of numbers, [length, size]`,
        );
      }
      const parameters = Array.from({ length: layers }, (_, layer): Tree<NDArray> => {
        const own = generator.fork(layer);
        const draw = (which: string, ...shape: number[]) => fanInUniform(own.fork(which), shape, hidden);
        const inputs = layer === 0 ? input[1] : hidden;
        return {
          inputWeight: draw('inputWeight', inputs, gates * hidden),
          hiddenWeight: draw('hiddenWeight', hidden, gates * hidden),
          inputBias: draw('inputBias', gates * hidden),
          hiddenBias: draw('hiddenBias', gates * hidden),
        };
      });
      return { parameters, state: nothing, output: returnSequence ? [input[0], hidden] : [hidden] };
    },
    apply(cells, state, x) {
      let sequence = x.transpose([1, 0, 2]);
      let last = x;
      for (const cell of cells) {
        // One product for all places; only what depends on the place before is left for the loop.
        ({ sequence, last } = run(sequence.matmul(cell.inputWeight).add(cell.inputBias), cell));
      }
      return { output: returnSequence ? sequence.transpose([1, 0, 2]) : last, state };
    },
  };
}

/** Zeros [batch, hidden] of the type of the gates. */
function start(fromInputs: Tensor, hidden: number): Tensor {
  return fromInputs.builder
    .constant(ndarray(0, [], fromInputs.dtype))
    .broadcastTo([fromInputs.shape[1], hidden]);
}

/**
 * Gated recurrent units (Cho et al. 2014) over sequences [length, size], from a state of zeros, as torch.nn.GRU: with the gates
 * r, z and n in this order, r = σ(x·Wr + h·Ur + b), z likewise, n = tanh(x·Wn + b + r·(h·Un + b′)), h ← (1 − z)·n + z·h.
 * Parameters are uniform in ±1/√hidden at first.
 * @param hidden numbers of the state; the output is [length, hidden], or [hidden] of the last place
 * @throws ScreeError when a count is not a positive integer, or (from `init`) for examples that are no sequences
 * @example
 * ```ts
 * import { dense, embedding, gru, sequential, summary } from 'scree/nn';
 *
 * // Scores of the character that follows each of 20, of 30 different ones.
 * const model = sequential(embedding(30, 8), gru(16), dense(30));
 * console.log(summary(model, [20]).map(({ output }) => output));
 * ```
 * ```text
 * [ [ 20, 8 ], [ 20, 16 ], [ 20, 30 ] ]
 * ```
 */
export function gru(hidden: number, options: RecurrentOptions = {}): Layer<readonly Cell[], Nothing> {
  return recurrent('gru', 3, hidden, options, (fromInputs, { hiddenWeight, hiddenBias }) => {
    const { carry, ys } = scan(
      (h: Tensor, x: Tensor) => {
        const [xr, xz, xn] = split(x, hidden, 1);
        const [hr, hz, hn] = split(h.matmul(hiddenWeight).add(hiddenBias), hidden, 1);
        const z = xz.add(hz).sigmoid();
        const n = xn.add(xr.add(hr).sigmoid().mul(hn)).tanh();
        // (1 − z)·n + z·h
        const next = n.add(z.mul(h.sub(n)));
        return { carry: next, y: next };
      },
      start(fromInputs, hidden),
      fromInputs,
    );
    return { sequence: ys, last: carry };
  });
}

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with a forget gate) over sequences [length, size], from a state of zeros, as
 * torch.nn.LSTM: with the gates i, f, g and o in this order, each of x·W + h·U + b + b′, c ← σ(f)·c + σ(i)·tanh(g),
 * h = σ(o)·tanh(c). Parameters are uniform in ±1/√hidden at first.
 * @param hidden numbers of the state; the output is [length, hidden], or [hidden] of the last place
 * @throws ScreeError when a count is not a positive integer, or (from `init`) for examples that are no sequences
 */
export function lstm(hidden: number, options: RecurrentOptions = {}): Layer<readonly Cell[], Nothing> {
  return recurrent('lstm', 4, hidden, options, (fromInputs, { hiddenWeight, hiddenBias }) => {
    const zeros = start(fromInputs, hidden);
    const { carry, ys } = scan(
      ({ h, c }: { readonly h: Tensor; readonly c: Tensor }, x: Tensor) => {
        const [i, f, g, o] = split(x.add(h.matmul(hiddenWeight)), hidden, 1);
        const cell = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
        const next = o.sigmoid().mul(cell.tanh());
        return { carry: { h: next, c: cell }, y: next };
      },
      { h: zeros, c: zeros },
      fromInputs.add(hiddenBias),
    );
    return { sequence: ys, last: carry.h };
  });
}
