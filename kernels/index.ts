// What the codecs run on a workspace's memory, as one WebAssembly module. Pointers are multiples of 16 unless it is said otherwise.
export { add, mix, moveOver, scale, subtract, unmix } from './vectors';
export { bf16Decode, bf16Encode, fp16Decode, fp16Encode } from './halves';
export { int8Decode, int8Encode } from './int8';
export { oneBitDecode, oneBitEncode, signDecode, signEncode } from './one-bit';
export { naturalDecode, naturalEncode, qsgdDecode, qsgdEncode } from './levels';
export { fillTables } from './tables';
export { ternDecode, ternEncode, twoBitDecode, twoBitEncode } from './ternary';
export { addTimesRight, lowRank, orthonormalise, timesLeft } from './low-rank';
export { driveDecode, driveEncode } from './rotation';
export { addAndSelect, keepAbove, moveAndSelect, rankedAt, sampleAt, selectAbove } from './select';
export { addAt, clearAt, gatherAt, riceDecode, riceEncode, scatterAt, squareSum } from './sparse';
