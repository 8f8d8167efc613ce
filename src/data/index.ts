export { augmentations, parseAugmentation, type Augmentation, type AugmentationKind } from './augment.js';
export { batches, type Batch, type Batches, type BatchOptions, type BatchPart } from './batches.js';
export { createDataset, describe, outputSize } from './dataset.js';
export type { Dataset, DatasetOptions, RawDataset, RawPart, Split, Task } from './dataset.js';
export { normalise, standardisation, type Normalisation, type RawNumbers } from './normalise.js';
export { parseCsv, type CsvRow } from './csv.js';
export type { DownloadProgress } from './download.js';
export { readExamples, type ExampleOptions } from './examples.js';
export { parseIdx, readIdx, type IdxArray } from './idx.js';
export { decodeImages, readImageHeader, type ImageHeader, type ImageShape } from './images.js';
export { readNpy } from './arrays.js';
export { parseNpy, type NpyArray, type NpyNumbers } from './npy.js';
export {
  encodeTable,
  tableEncodingSchema,
  type EncodedTable,
  type Table,
  type TableEncoding,
} from './table-encoding.js';
export { readTable } from './table.js';
export { decodeText, encodeText, unknownCharacter, type EncodedText } from './text.js';
export { datasetNames, loadDataset, type LoadOptions } from './load.js';
export { dataOptionsSchema, dataSourceSchema, type DataOptions, type DataSource } from './options.js';
export type { SplitOptions } from './split.js';
