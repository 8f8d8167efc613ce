import { readSpec, type Definition } from '../../optim/index.js';
import { bf16 } from './bf16.js';
import type { Codec } from './codec.js';
import { dgc } from './dgc.js';
import { drive } from './drive.js';
import { fp16 } from './fp16.js';
import { int8 } from './int8.js';
import { natural } from './natural.js';
import { none } from './none.js';
import { onebit } from './onebit.js';
import { powersgd } from './powersgd.js';
import { qsgd } from './qsgd.js';
import { randomk } from './randomk.js';
import { sign } from './sign.js';
import { terngrad } from './terngrad.js';
import { topk } from './topk.js';
import { twobit } from './twobit.js';

/** All codecs by name. To add one: a file of its own, and a line here. */
export const codecs: Readonly<Record<string, Definition<Codec>>> = {
  none,
  fp16,
  bf16,
  int8,
  onebit,
  sign,
  twobit,
  terngrad,
  qsgd,
  natural,
  drive,
  topk,
  dgc,
  randomk,
  powersgd,
};

/**
 * A codec from text: `onebit`, `int8:group=1024`.
 * @throws ScreeError for an unknown name (with the nearest) or an option that is unknown or out of range
 */
export function parseCodec(text: string): Codec {
  const { definition, options } = readSpec('codec', text, codecs);
  return definition.create(options);
}
