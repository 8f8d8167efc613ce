import { encodeText, unknownCharacter } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import { Generator } from '../random/index.js';
import type { TrainedRun } from './load-run.js';

export interface GenerateOptions {
  /** What the text goes on from; a line break by default, or the alphabet's first character where it has none. */
  readonly prompt?: string;
  /** Characters to be made; 500 by default. */
  readonly length?: number;
  /** Divides the model's scores before the softmax: 1 (the default) draws as it was trained, 0 takes the likeliest. */
  readonly temperature?: number;
  /** Of the draws; 0 by default. */
  readonly seed?: number;
}

/**
 * Characters that a model of characters writes, one after the other. The model sees the last characters that fit into an
 * example; what it gives at the last of them says what follows, so places after it must not count (the built-in models are
 * causal). The same seed gives the same text.
 * @throws ScreeError when the run's model is not one of characters, the prompt has one that the alphabet lacks, or an option is
 * out of range
 */
export async function* generateText(
  { task, input, weights, evaluator }: Pick<TrainedRun, 'task' | 'input' | 'weights' | 'evaluator'>,
  { prompt, length = 500, temperature = 1, seed = 0 }: GenerateOptions = {},
): AsyncGenerator<string, void> {
  if (task.kind !== 'characters') {
    throw new ScreeError(`generate: the run's model gives a ${task.kind}, not characters; use predict`);
  }
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new ScreeError(`generate: length ${length} must be an integer from 0 on`);
  }
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new ScreeError(`generate: temperature ${temperature} must be a number from 0 on`);
  }
  const { alphabet } = task;
  const [window] = input;
  const begin = prompt ?? (alphabet.includes('\n') ? '\n' : alphabet[0]);
  const seen = Array.from(encodeText(begin, alphabet).indices);
  if (seen.length === 0) throw new ScreeError('generate: the prompt is empty; give a character or more');
  const generator = new Generator(seed).fork('generate');
  // The place of all characters that training did not have stands for none of them.
  const allowed = alphabet.map((character) => character !== unknownCharacter);
  for (let made = 0; made < length; made++) {
    const recent = seen.slice(-window);
    const data = new Int32Array(window);
    data.set(recent);
    const scores = await evaluator.outputs(weights, { data, shape: [1, window], dtype: 'int32' });
    const from = (recent.length - 1) * alphabet.length;
    const own = scores.data.subarray(from, from + alphabet.length);
    const next = draw(own, allowed, temperature, generator);
    seen.push(next);
    yield alphabet[next];
  }
}

/** A place, drawn from the softmax of the scores over the temperature. */
function draw(
  scores: ArrayLike<number>,
  allowed: readonly boolean[],
  temperature: number,
  generator: Generator,
): number {
  let best = allowed.indexOf(true);
  for (let k = 0; k < allowed.length; k++) if (allowed[k] && scores[k] > scores[best]) best = k;
  if (!Number.isFinite(scores[best])) {
    throw new ScreeError(`generate: the model gives ${scores[best]}; its training has diverged`);
  }
  if (temperature === 0) return best;
  const weights = allowed.map((isAllowed, k) =>
    isAllowed ? Math.exp((scores[k] - scores[best]) / temperature) : 0,
  );
  let rest = generator.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const place = weights.findIndex((weight) => (rest -= weight) < 0);
  return place < 0 ? best : place;
}
