import type { CheckpointChoice } from '../../src/train/index.js';
import type { Engine } from '../../src/train/index.js';

/** What the command line says to `survey`; each kind of survey reads its own part. */
export interface SurveyOptions {
  /** A point of a formula: `x=0,y=0`. */
  at?: string;
  /** A box of a formula: `x=-4..4,y=-4..4`. */
  box?: string;
  param: string[];
  dim?: number;
  /** Of a run: how many of the largest and smallest eigenvalues. */
  top?: number;
  bottom?: number;
  density?: boolean;
  layers?: boolean;
  /** What batch norm normalises with. */
  statistics?: 'running' | 'batch';
  checkpoint?: CheckpointChoice;
  /** A plane through the weights: its kind, or true for the usual one. */
  plane?: boolean | string;
  line?: string;
  /** Examples of the training part, and how many of them at a time. */
  samples?: number;
  batch?: number;
  /** Lanczos steps at most. */
  steps?: number;
  /** Values along a side of the plane. */
  size?: number;
  /** File for the weights that the best way down leads to. */
  escape?: string;
  /** Folder for pictures and tables. */
  out?: string;
  seed?: number;
  /** Of a run. */
  engine?: Engine;
  threads?: number;
  json?: boolean;
}
