/** How fast are the codecs? Gigabytes of float32 input a second on one core, beside copying memory. */
import { statSync } from 'node:fs';
import { withFeedback } from '../src/distributed/codec/feedback.js';
import { codecs, parseCodec } from '../src/distributed/codec/registry.js';
import { Workspace } from '../src/distributed/codec/workspace.js';
import { Generator, normal } from '../src/random/index.js';
import { median } from './compare.js';
import { digits } from './table.js';

export interface CodecBench {
  readonly rounds: number;
  readonly values: number;
  readonly only?: readonly string[];
}

/** One thing that is timed. */
interface Subject {
  readonly name: string;
  readonly work: () => void | Promise<void>;
  /** Gigabytes a second of each round. */
  readonly speeds: number[];
}

const spread = (speeds: readonly number[]) => {
  return { min: Math.min(...speeds), median: median(speeds), max: Math.max(...speeds) };
};

/** Values that are coded at random magnitudes: a million normal numbers, again and again. */
function fill(into: Float32Array): void {
  const numbers = normal(new Generator(0), [2 ** 20]).data;
  for (let start = 0; start < into.length; start += numbers.length)
    into.set(numbers.subarray(0, Math.min(numbers.length, into.length - start)), start);
}

const kernelsFile = new URL('../src/distributed/codec/kernels.wasm', import.meta.url);

/** Measures all codecs, one after another in every round, with a copy in between; prints and returns the table. */
export async function benchCodecs({ rounds, values: length, only }: CodecBench): Promise<object[]> {
  const gigabytes = (4 * length) / 1e9;
  const rows = Object.keys(codecs).filter((name) => !only || only.some((word) => name.includes(word)));
  const results: { codec: string; bytes: number; subjects: Subject[] }[] = [];
  const run = async ({ work, speeds }: Subject) => {
    const began = performance.now();
    await work();
    speeds.push((1000 * gigabytes) / (performance.now() - began));
  };
  for (const name of rows) {
    // A workspace each, given back before the next: all codecs at once would need several GB.
    const workspace = new Workspace();
    const values = workspace.allocateValues(length);
    fill(workspace.floats(values));
    const into = workspace.allocateValues(length);
    const columns = 2 ** Math.floor(Math.log2(Math.sqrt(length)));
    const shapes = [[Math.floor(length / columns), columns], [length % columns]];
    const request = { workspace, length, shapes, seed: 0, rank: 0, ranks: 2 };
    const subjects: Subject[] = [
      {
        name: 'copy',
        work: () => workspace.floats(into).set(workspace.floats(values)),
        speeds: [],
      },
    ];
    let step = 0;
    let bytes = 0;
    const plain = parseCodec(name).create(request);
    if (plain.kind === 'linear') {
      const reduce = async () => {
        bytes = 0;
        await plain.reduce(values, ++step, (part) => {
          bytes += 4 * part.length;
          return Promise.resolve();
        });
      };
      subjects.push({ name: 'both ways', work: reduce, speeds: [] });
    } else {
      const fed = withFeedback(parseCodec(name)).create(request);
      const out = workspace.allocate(plain.maxBytes(length));
      const encode = () => void (bytes = plain.encode(values, out, ++step));
      subjects.push({ name: 'encode', work: encode, speeds: [] });
      if (fed.kind === 'coder' && fed !== plain) {
        const work = () => void (bytes = fed.encode(values, out, ++step));
        subjects.push({ name: 'encode+feedback', work, speeds: [] });
      }
      subjects.push({
        name: 'decode-add',
        work: () => plain.decode(out, bytes, into, true),
        speeds: [],
      });
    }
    for (const { work } of subjects) await work();
    for (let round = 0; round < rounds; round++) for (const subject of subjects) await run(subject);
    results.push({ codec: name, bytes, subjects });
  }
  console.log(
    `${length} values (${digits(1000 * gigabytes)} MB); GB/s of float32 input: min, median, max of ${rounds} rounds; × copy: of the maxima`,
  );
  for (const { codec, bytes, subjects } of results) {
    const copy = spread(subjects[0].speeds);
    const ratio = bytes === 0 ? '–' : `1/${digits((4 * length) / bytes)}`;
    console.log(`${codec.padEnd(10)} ${ratio.padStart(8)} of the bytes`);
    for (const { name, speeds } of subjects) {
      const { min, median, max } = spread(speeds);
      const cells = [min, median, max].map((speed) => digits(speed).padStart(7)).join(' ');
      console.log(`  ${name.padEnd(16)} ${cells}   × copy ${digits(max / copy.max)}`);
    }
  }
  console.log(`kernels.wasm: ${statSync(kernelsFile).size} bytes\n`);
  return results.map(({ codec, bytes, subjects }) => ({
    codec,
    bytes,
    gigabytesPerSecond: Object.fromEntries(subjects.map(({ name, speeds }) => [name, spread(speeds)])),
  }));
}
