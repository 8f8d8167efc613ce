import { ScreeError } from '../graph/errors.js';
import type { Shape } from '../graph/shape.js';
import { chooseWire, type WireChoice, type WireOptions } from './choice.js';
import { parseCodec } from './codec/registry.js';
import type { Collective } from './collective/collective.js';
import { broadcastObject } from './objects.js';
import {
  goesWith,
  predictable,
  predictChosen,
  type Link,
  type PredictableExchange,
  type Prediction,
} from './predict.js';

/**
 * Codecs, those that lose least first. All but dgc, which has the momentum of plain sgd in it: who takes it chooses both; and sign, whose
 * votes are no mean.
 */
const candidates =
  'none fp16 bf16 int8 natural qsgd drive terngrad twobit onebit powersgd topk randomk'.split(' ');

/** A step with a codec that loses more must take at most this share of the time with the one before. */
const worthwhile = 0.9;

/** Values of the all-reduce that measures the link. */
const probeValues = 2 ** 18;

/** What messages between these ranks take, by short and by long all-reduces. */
export async function measureLink(collective: Collective): Promise<Link> {
  const { size } = collective;
  const time = async (values: number) => {
    const data = new Float32Array(values);
    let best = Infinity;
    for (let run = 0; run < 4; run++) {
      await collective.barrier();
      const began = performance.now();
      await collective.allReduce(data);
      best = Math.min(best, performance.now() - began);
    }
    return best / 1000;
  };
  const rounds = 2 * (size - 1);
  const short = await time(size);
  const long = await time(probeValues);
  const bytes = (rounds / size) * 4 * probeValues;
  const latencySeconds = rounds === 0 ? 0 : short / rounds;
  return { latencySeconds, bytesPerSecond: bytes / Math.max(1e-9, long - short) };
}

/** @throws ScreeError for an exchange that has no formula */
export function weighable(exchange: string | undefined): PredictableExchange | undefined {
  const known = predictable.find((name) => name === exchange);
  if (exchange === undefined || known !== undefined) return known;
  throw new ScreeError(
    `train: compress auto weighs codecs in ${predictable.join(', ')}; give one of them, or leave out ${exchange}`,
  );
}

const totalMs = ({ codecMs, wireMs }: Prediction): number => codecMs + wireMs;

/**
 * Measures the link and the codecs (those that go with the exchange, where one is given), and takes what makes a step shortest; a codec that
 * loses more than another must be worth it.
 * @throws ScreeError for an exchange whose time cannot be told beforehand
 * @param computeMs what a step takes beside its exchange, on this rank
 */
export async function chooseAutomatically(
  collective: Collective,
  shapes: readonly Shape[],
  computeMs: number,
  options: WireOptions,
): Promise<{ choice: WireChoice; why: string }> {
  const { size } = collective;
  const exchange = weighable(options.exchange);
  const link = await measureLink(collective);
  const predictions: Prediction[] = [];
  for (const codec of candidates.map(parseCodec)) {
    if (exchange !== undefined && !goesWith(exchange, codec)) continue;
    predictions.push(await predictChosen(codec, exchange, shapes, size, link));
  }
  const stepMs = (one: Prediction) => computeMs + totalMs(one);
  let best = predictions[0];
  for (const next of predictions.slice(1)) if (stepMs(next) < worthwhile * stepMs(best)) best = next;
  const ms = (value: number) => `${Number(value.toPrecision(3))} ms`;
  const list = predictions.map((one) => `${one.codec} ${ms(totalMs(one))}`).join(', ');
  const rate = `${Number(((8 * link.bytesPerSecond) / 1e9).toPrecision(3))} Gbit/s`;
  const reason =
    best === predictions[0]
      ? 'no codec that loses more makes a step a tenth shorter'
      : `with ${predictions[0].codec} a step takes ${ms(stepMs(predictions[0]))}, with ${best.codec} ${ms(stepMs(best))}`;
  const own = {
    codec: best.codec,
    why: `compress auto takes ${best.codec}: ${reason} (compute ${ms(computeMs)} a step, link ${rate}; exchange with ${list})`,
  };
  // All ranks take rank 0's choice: theirs may differ by what they measured.
  const { codec, why } = await broadcastObject(collective, own);
  return { choice: chooseWire({ ...options, compress: codec }), why };
}
