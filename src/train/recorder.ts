import type { NDArray } from '../graph/ndarray.js';
import type { AppendFile } from './append-file.js';
import { saveCheckpoint } from './checkpoint.js';
import { openMetrics, type MetricsRow } from './metrics.js';
import type { RunFolder } from './run-folder.js';
import { openEvents } from './tensorboard.js';

/** Writes what a run leaves: its metrics, as lines and as TensorBoard events, and its checkpoints. */
export class Recorder {
  #saving: Promise<unknown> | undefined;
  #lastSaved: string | undefined;
  #failure: { readonly error: unknown } | undefined;

  private constructor(
    private readonly folder: RunFolder,
    private readonly metrics: AppendFile<MetricsRow>,
    private readonly events: AppendFile<MetricsRow>,
    private readonly keep: number | undefined,
  ) {}

  /**
   * @param resumeFrom the step of the checkpoint that the run goes on from
   * @param keep how many checkpoints are kept; see saveCheckpoint
   */
  static async open(
    folder: RunFolder,
    { resumeFrom, keep }: { resumeFrom?: number; keep?: number },
  ): Promise<Recorder> {
    const metrics = await openMetrics(folder.metrics, { resumeFrom });
    try {
      return new Recorder(folder, metrics, await openEvents(folder.path, { resumeFrom }), keep);
    } catch (error) {
      await metrics.close();
      throw error;
    }
  }

  /** @throws ScreeError when an earlier row or checkpoint could not be written. */
  row(row: MetricsRow): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.metrics.append(row);
    this.events.append(row);
  }

  /**
   * Saves a checkpoint while training goes on; the tensors are copied before this returns, once an earlier save is done.
   * @param tensors gives them, after that
   * @param isBest whether it is kept as the best one too
   */
  async save(
    step: number,
    tensors: () => Readonly<Record<string, NDArray>>,
    metadata: Readonly<Record<string, string>>,
    isBest: boolean,
  ): Promise<void> {
    await this.settle();
    const copies = Object.fromEntries(
      Object.entries(tensors()).map(([name, array]) => [name, { ...array, data: array.data.slice() }]),
    );
    this.#saving = this.write(step, copies, metadata, isBest).catch((error: unknown) => {
      this.#failure = { error };
    });
  }

  private async write(
    step: number,
    tensors: Readonly<Record<string, NDArray>>,
    metadata: Readonly<Record<string, string>>,
    isBest: boolean,
  ): Promise<void> {
    // The rows up to a checkpoint are on the disk before it is: a resumed run finds all of them.
    await this.metrics.sync();
    // Before the newest one, which says that it is the best: a run that is killed between takes the same steps again.
    if (isBest) await saveCheckpoint(this.folder.best, step, tensors, { metadata, keep: 1 });
    const { keep } = this;
    this.#lastSaved = await saveCheckpoint(this.folder.checkpoints, step, tensors, { metadata, keep });
  }

  /** The path of the checkpoint that was saved last in this sitting. */
  get lastSaved(): string | undefined {
    return this.#lastSaved;
  }

  /** Waits until all that was saved is on the disk. @throws ScreeError when it could not be. */
  async settle(): Promise<void> {
    await this.#saving;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /**
   * Writes what waits and gives the files back, also where one of them fails.
   * @throws ScreeError when anything of the run could not be written
   */
  async close(): Promise<void> {
    await this.#saving;
    const closed = await Promise.allSettled([this.metrics.close(), this.events.close()]);
    if (this.#failure !== undefined) throw this.#failure.error;
    for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason;
  }
}
