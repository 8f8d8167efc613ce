import { formatCount, formatDuration, formatNumber, formatSI } from './format.js';
import { lineChart, progressBar } from './chart.js';
import { plain, type Style } from './style.js';
import { pad, truncate, visibleWidth } from './text.js';

/** A measured number as it is shown. */
export interface Measured {
  readonly label: string;
  readonly value: string;
  /** Columns that its values take. */
  readonly width: number;
}

/** Where a training run stands. */
export interface TrainingState {
  /** Such as `lenet on fashion-mnist`. */
  title: string;
  /** What else there is to know about the run, the most telling first: `61,706 parameters`, `adamw`, `batch 64`, `2 threads`. */
  details?: readonly string[];
  /** The epoch that is going on, from 1, and how many there will be; left out when the run counts steps only. */
  epoch?: number;
  epochs?: number;
  /** Steps taken, and how many there will be. */
  step: number;
  steps: number;
  /** Of the training batches, smoothed. */
  loss?: number;
  /** What else is measured, such as the accuracy and that of the last test. */
  measured?: readonly Measured[];
  lr?: number;
  stepsPerSecond?: number;
  /** The course of the loss, evenly spaced from the first step to the last one taken; see History. */
  losses: ArrayLike<number>;
  /** What is going on besides training, such as `testing` or `saving`; 13 columns of it are shown. */
  note?: string;
}

/** The widest that the view gets: eyes do not follow longer lines. */
const mostColumns = 120;

interface Field extends Measured {
  /** The label stands after the value rather than before it. */
  readonly unit?: boolean;
}

/**
 * The window of a run: a title, a bar, the numbers, the course of the loss (logarithmic once it spans a factor of ten). Always the
 * same number of lines, none wider than `columns`; what does not fit is left out, the least telling first.
 * @param options.chartRows rows of the drawing; 0 leaves the curve out.
 */
export function trainingView(
  state: TrainingState,
  { columns, style = plain, chartRows = 6 }: { columns: number; style?: Style; chartRows?: number },
): string[] {
  const width = Math.min(columns, mostColumns);
  const lines = [
    titleLine(state, width, style),
    '',
    barLine(state, width, style),
    '',
    fieldsLine(state, width, style),
  ];
  if (chartRows > 0) {
    const scale = spansDecade(state.losses) ? 'log' : 'linear';
    const caption = scale === 'log' ? 'loss (logarithmic)' : 'loss';
    const labels = ['0', caption, state.step > 0 ? `step ${formatCount(state.step)}` : ''] as const;
    lines.push('', ...lineChart(state.losses, { width, rows: chartRows, scale, labels, style }));
  }
  return lines.map((line) => truncate(line, width));
}

/** One line for where there is no terminal. */
export function trainingLine(state: TrainingState): string {
  const epoch = epochText(state);
  const fields = fieldsOf(state).map(({ label, value, unit }) =>
    unit ? `${value} ${label}` : `${label} ${value}`,
  );
  const parts = [
    epoch,
    `step ${formatCount(state.step)}/${formatCount(state.steps)}`,
    ...fields.slice(0, -1),
  ];
  return [...parts, remaining(state), state.note]
    .filter((part) => part !== undefined && part !== '')
    .join('  ');
}

function titleLine({ title, details = [] }: TrainingState, width: number, style: Style): string {
  let text = '';
  for (const detail of details) {
    const longer = `${text} · ${detail}`;
    if (visibleWidth(title) + visibleWidth(longer) > width) break;
    text = longer;
  }
  return style('bold', title) + style('dim', text);
}

/** Columns after the bar, for `3d 04h left` or a note. */
const rightWidth = 13;

function barLine(state: TrainingState, width: number, style: Style): string {
  const fraction = state.steps > 0 ? state.step / state.steps : 0;
  const left = epochText(state) || 'training';
  const percent = `${Math.floor(fraction * 100)}%`.padStart(4);
  const right = truncate(state.note ?? remaining(state), rightWidth);
  const bar = progressBar(fraction, { width: Math.max(4, width - left.length - rightWidth - 9), style });
  return `${left}  ${bar} ${percent}  ${style('dim', right)}`;
}

function epochText({ epoch, epochs }: TrainingState): string {
  if (epoch === undefined) return '';
  return epochs === undefined
    ? `epoch ${epoch}`
    : `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
}

function remaining({ step, steps, stepsPerSecond }: TrainingState): string {
  if (step >= steps) return 'done';
  if (!stepsPerSecond) return '';
  // Whole seconds: tenths would flicker.
  return `${formatDuration(Math.ceil((steps - step) / stepsPerSecond) * 1000).replace('.0s', 's')} left`;
}

function fieldsOf({ loss, measured = [], stepsPerSecond, step, steps, lr }: TrainingState): Field[] {
  const fields: Field[] = [
    { label: 'loss', value: loss === undefined ? '–' : formatNumber(loss), width: 6 },
    ...measured,
  ];
  if (stepsPerSecond !== undefined) {
    fields.push({ label: 'steps/s', value: formatSI(stepsPerSecond), width: 5, unit: true });
  }
  if (lr !== undefined) fields.push({ label: 'lr', value: String(Number(lr.toPrecision(3))), width: 8 });
  const total = formatCount(steps);
  fields.push({
    label: 'step',
    value: `${pad(formatCount(step), total.length, 'right')}/${total}`,
    width: 0,
  });
  return fields;
}

function fieldsLine(state: TrainingState, width: number, style: Style): string {
  let line = '';
  for (const { label, value, unit, width: valueWidth } of fieldsOf(state)) {
    const parts = unit
      ? [style('bold', value), style('dim', label)]
      : [style('dim', label), style('bold', value)];
    const field = pad(parts.join(' '), label.length + 1 + valueWidth);
    const longer = line === '' ? field : `${line}   ${field}`;
    if (visibleWidth(longer.trimEnd()) > width) break;
    line = longer;
  }
  return line.trimEnd();
}

function spansDecade(values: ArrayLike<number>): boolean {
  let low = Infinity;
  let high = -Infinity;
  for (let index = 0; index < values.length; index++) {
    low = Math.min(low, values[index]);
    high = Math.max(high, values[index]);
  }
  return low > 0 && high / low >= 10;
}
