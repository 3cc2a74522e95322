import type { ExportStatus } from '../exporter/protocol.js';
import { writeExportReport } from '../telemetry/export-report.js';

const INTERVAL_MS = 5_000;

/** Keeps the exporter's report on disk, for `gateway telemetry status`: at each change of state, else every few seconds. */
export class ReportWriter {
  readonly #dir: string;
  readonly #index: string;
  readonly #dropped: () => number;
  #writtenAt = -Infinity;
  #state = '';
  #latest: ExportStatus | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `dropped`: records that the log had to drop before they were exported. */
  constructor(dir: string, index: string, dropped: () => number) {
    this.#dir = dir;
    this.#index = index;
    this.#dropped = dropped;
  }

  heard(status: ExportStatus): void {
    this.#latest = status;
    const changed = this.#state !== status.state + String(status.reason);
    if (!changed && performance.now() - this.#writtenAt < INTERVAL_MS) return;
    this.#write(status);
  }

  /** Writes what came last. */
  async end(): Promise<void> {
    if (this.#latest !== undefined) this.#write(this.#latest);
    await this.#writing;
  }

  #write(status: ExportStatus): void {
    this.#writtenAt = performance.now();
    this.#state = status.state + String(status.reason);
    const report = {
      at: new Date().toISOString(), pid: process.pid, index: this.#index, layout: status.target?.layout ?? null, state: status.state, reason: status.reason, fix: status.fix, held_indices: status.heldIndices,
      last_error: status.lastError, last_error_at: iso(status.lastErrorAt), last_success_at: iso(status.lastSuccessAt), dropped_records: this.#dropped(), counters: { ...status.counters },
    };
    // It is a note for people: one that cannot be written harms nothing.
    this.#writing = this.#writing.then(() => writeExportReport(this.#dir, report)).catch(() => undefined);
  }
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
