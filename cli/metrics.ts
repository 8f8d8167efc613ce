import type { Task } from '../src/data/index.js';
import type { Score } from '../src/train/index.js';
import { formatNumber, formatPercent } from './terminal/format.js';

interface Metric {
  /** As a column or a field is headed. */
  readonly label: string;
  readonly format: (value: number) => string;
  /** Columns that its numbers take. */
  readonly width: number;
}

const metrics: Readonly<Record<string, Metric>> = {
  loss: { label: 'loss', format: formatNumber, width: 6 },
  accuracy: { label: 'accuracy', format: formatPercent, width: 5 },
  rmse: { label: 'rmse', format: formatNumber, width: 6 },
  mae: { label: 'mae', format: formatNumber, width: 6 },
  r2: { label: 'R²', format: (value) => value.toFixed(4), width: 6 },
  perplexity: { label: 'perplexity', format: formatNumber, width: 6 },
  bits: { label: 'bits a character', format: formatNumber, width: 6 },
};

const mainMetrics: Readonly<Record<Task['kind'], string>> = {
  classification: 'accuracy',
  regression: 'rmse',
  characters: 'perplexity',
};

/** A task's foremost number besides the loss. */
export function mainMetric({ kind }: Task): Metric & { readonly name: string } {
  const name = mainMetrics[kind];
  return { name, ...metrics[name] };
}

/** `accuracy 97.8%`, or for a number `rmse 55.10, R² 0.4512`. */
export function describeScore({ loss: _, ...others }: Score): string {
  return Object.entries(others)
    .map(([name, value]) => `${metrics[name].label} ${metrics[name].format(value)}`)
    .join(', ');
}
