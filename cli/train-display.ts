import type { Task } from '../src/data/index.js';
import type { MetricsRow, Progress, Score } from '../src/train/index.js';
import { mainMetric } from './metrics.js';
import { summaryLines, type SummaryKind } from './model-summary.js';
import { formatCount, formatDuration, formatNumber, formatSI } from './terminal/format.js';
import { History } from './terminal/history.js';
import { startLive, type Live } from './terminal/live.js';
import { trainingLine, trainingView, type Measured, type TrainingState } from './terminal/progress.js';
import { styleFor } from './terminal/style.js';
import { table } from './terminal/table.js';
import { tuningProgress } from './terminal/tuning.js';

type Epoch = Extract<Progress, { kind: 'epoch' }>;
type Step = Extract<Progress, { kind: 'step' }>;

/** Weight of a new batch in the numbers shown; about the last twenty count. */
const smoothing = 0.1;

function mix(before: number | undefined, now: number): number {
  return before === undefined ? now : before + smoothing * (now - before);
}

/** Steps are counted over about this long for the rate. */
const rateWindowMs = 2000;

/** The most rows of the table at the end. */
const mostRows = 12;

const engineNames = { onnx: 'ONNX Runtime', native: 'oneDNN' };

/** Shows a run while it goes: a window on a terminal, lines elsewhere. */
export class TrainDisplay {
  readonly #state: { -readonly [K in keyof TrainingState]: TrainingState[K] } = {
    title: '',
    step: 0,
    steps: 0,
    losses: [],
  };
  readonly #history = new History();
  readonly #epochs: Epoch[] = [];
  #task: Task = { kind: 'classification', classes: [] };
  /** Of the task's main metric: smoothed over training batches, and of the last test. */
  #metric: number | undefined;
  #tested: { readonly part: string; readonly value: number } | undefined;
  #live: Live | undefined;
  #rateFrom = { step: 0, at: 0 };

  readonly #tell: ReturnType<typeof tuningProgress>;
  readonly #quiet: boolean;
  readonly #summary: SummaryKind;

  /** @param options.quiet show nothing but warnings */
  constructor(
    private readonly stream: NodeJS.WriteStream,
    { quiet, summary }: { readonly quiet: boolean; readonly summary: SummaryKind },
  ) {
    this.#tell = tuningProgress(stream);
    this.#quiet = quiet;
    this.#summary = summary;
  }

  handle(progress: Progress): void {
    switch (progress.kind) {
      case 'start':
        return this.start(progress);
      case 'step':
        return this.step(progress);
      case 'tuning':
        return this.tuning(progress);
      case 'testing':
        this.#state.note = 'testing';
        return;
      case 'epoch':
        return this.epoch(progress);
      case 'warning':
        process.stderr.write(`warning: ${progress.message}\n`);
        return;
    }
  }

  /** The losses of earlier sittings, so that the curve begins where the run did. */
  recall(rows: readonly MetricsRow[]): void {
    for (const { loss } of rows) if (loss !== undefined) this.addLoss(loss);
  }

  /** Ends the drawing; a window stays as it was drawn last, and lines have told all there is. */
  stop(): void {
    this.#live?.stop({ clear: !this.stream.isTTY });
    this.#live = undefined;
  }

  private start(run: Extract<Progress, { kind: 'start' }>): void {
    const { model, data, parameters, optimizer, batchSize, accumulate, threads, target } = run;
    const { epochs, steps, resumedFrom, checkpointActivations } = run;
    this.#task = run.task;
    const batch = `batch ${batchSize}${accumulate > 1 ? ` in ${accumulate} parts` : ''}`;
    const again =
      checkpointActivations === undefined
        ? []
        : [`activations of ${checkpointActivations} segments computed again`];
    const counted = `${threads} thread${threads === 1 ? '' : 's'}`;
    const engine = target === 'javascript' ? target : `${engineNames[target]}, ${counted}`;
    const where = run.ranks === 1 ? engine : `${run.ranks} ranks: ${engine} each`;
    const memory = run.memoryBytes === undefined ? [] : [`${formatSI(run.memoryBytes, 'B')} a step`];
    const details = [`${formatCount(parameters)} parameters`, optimizer, batch, ...again, where, ...memory];
    const title = `${model} on ${data}`;
    Object.assign(this.#state, { title, details, epochs, step: resumedFrom ?? 0, steps });
    this.#rateFrom = { step: resumedFrom ?? 0, at: performance.now() };
    if (this.#quiet) return;
    if (!this.stream.isTTY) this.stream.write(`${[title, ...details].join(' · ')}\n`);
    if (resumedFrom !== null) this.stream.write(`going on from step ${formatCount(resumedFrom)}\n`);
    const style = styleFor(this.stream);
    const lines = summaryLines(run, this.#summary, style);
    if (lines.length > 0) this.stream.write(`${lines.join('\n')}\n\n`);
    this.#live = startLive({
      stream: this.stream,
      view: (columns) => trainingView(this.snapshot(), { columns, style }),
      line: () => trainingLine(this.snapshot()),
    });
  }

  private tuning({ done, total }: Extract<Progress, { kind: 'tuning' }>): void {
    // The window is there when the programs that test the model are made.
    if (this.#live !== undefined) this.#state.note = done < total ? `measuring ${done + 1}` : undefined;
    else if (!this.#quiet) this.#tell(done, total);
  }

  private step({ step, epoch, score, lr }: Step): void {
    const state = this.#state;
    state.step = step;
    state.epoch = epoch;
    state.lr = lr;
    this.#metric = mix(this.#metric, score[mainMetric(this.#task).name]);
    state.note = undefined;
    this.addLoss(score.loss);
  }

  private addLoss(loss: number): void {
    this.#state.loss = mix(this.#state.loss, loss);
    this.#history.add(this.#state.loss);
  }

  private epoch(progress: Epoch): void {
    this.#epochs.push(progress);
    const { epoch, step, train, validation, test, seconds } = progress;
    const { label, name, format } = mainMetric(this.#task);
    this.#tested = validation
      ? { part: 'validation', value: validation[name] }
      : { part: 'test', value: test[name] };
    this.#state.note = undefined;
    if (this.#quiet || this.stream.isTTY) return;
    const fields = [
      `epoch ${epoch}/${this.#state.epochs}`,
      `step ${formatCount(step)}`,
      `loss ${formatNumber(train.loss)}`,
      `${label} ${format(train[name])}`,
      `${this.#tested.part} ${format(this.#tested.value)}`,
      formatDuration(seconds * 1000),
    ];
    this.#live?.log(fields.join('  '));
  }

  /** The task's main metric on the training batches, and on the part that was tested last. */
  private measured(): Measured[] {
    const { label, format, width } = mainMetric(this.#task);
    const field = (label: string, value: number) => ({ label, value: format(value), width });
    return [
      ...(this.#metric === undefined ? [] : [field(label, this.#metric)]),
      ...(this.#tested === undefined ? [] : [field(this.#tested.part, this.#tested.value)]),
    ];
  }

  /** What is drawn, with the rate over the last moments. */
  private snapshot(): TrainingState {
    const now = performance.now();
    const elapsed = now - this.#rateFrom.at;
    if (elapsed > rateWindowMs / 10) {
      this.#state.stepsPerSecond = ((this.#state.step - this.#rateFrom.step) / elapsed) * 1000;
    }
    if (elapsed > rateWindowMs) this.#rateFrom = { step: this.#state.step, at: now };
    return { ...this.#state, measured: this.measured(), losses: this.#history.values };
  }

  /** The epochs of this sitting; of many, some evenly spread ones and the last. */
  table(): string[] {
    const { length } = this.#epochs;
    if (length === 0) return [];
    const every = Math.ceil(length / mostRows);
    const shown = this.#epochs.filter((_, index) => (length - 1 - index) % every === 0);
    const { label, name, format } = mainMetric(this.#task);
    const cells = ({ loss, [name]: metric }: Score) => [formatNumber(loss), format(metric)];
    const rows = shown.map(({ epoch, train, validation, test, isBest, seconds }) => [
      String(epoch),
      ...cells(train),
      ...cells(validation ?? test),
      formatDuration(seconds * 1000),
      ...(isBest ? ['lowest'] : []),
    ]);
    const part = this.#epochs[0].validation === undefined ? 'test' : 'validation';
    const columns = ['epoch', 'loss', label, `${part} loss`, `${part} ${label}`, 'time'];
    if (part === 'validation') columns.push('so far');
    return table(rows, { columns, style: styleFor(this.stream) });
  }
}
