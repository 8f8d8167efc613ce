export { batches, type Batch, type Batches, type BatchOptions } from './batches.js';
export { createDataset, normalise, outputSize, standardisation } from './dataset.js';
export type { Dataset, Normalisation, RawDataset, RawPart, Split, Task } from './dataset.js';
export { parseCsv, type CsvRow } from './csv.js';
export type { DownloadProgress } from './download.js';
export { parseIdx, readIdx, type IdxArray } from './idx.js';
export { datasetNames, loadDataset, type LoadOptions } from './load.js';
