import { z } from 'zod';

/** Values that share a scale: a multiple of 16, which is how many a vector loop takes. */
export const groupOption = (value: number) =>
  z
    .number()
    .int()
    .min(16)
    .max(2 ** 20)
    .multipleOf(16)
    .default(value)
    .describe('values that share a scale, a multiple of 16');

/** For codecs that send a few values. */
export const ratioOption = z
  .number()
  .gt(0)
  .max(1)
  .default(0.001)
  .describe('share of the values that is sent');
export const halfOption = z.boolean().default(false).describe('send values as float16');
