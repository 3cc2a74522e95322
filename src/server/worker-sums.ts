import type { Worker } from 'node:cluster';
import { addTallies, type RecordTally } from './record-counts.js';
import { addLogTotals, NO_LOG, type LogTotals, type WorkerReport } from './worker-channel.js';

interface Sums {
  readonly log: LogTotals;
  readonly records: RecordTally;
  readonly unpriced: number;
  readonly faults: number;
}

/** How long a worker may take to report before its last report counts. */
const ANSWER_MS = 1_000;

/** What all workers have counted since the gateway's start, those that have ended included: it never falls. */
export class WorkerSums {
  readonly #reports = new Map<Worker, WorkerReport>();
  readonly #waiting = new Map<number, (worker: Worker, report: WorkerReport | undefined) => void>();
  #before: Sums = { log: NO_LOG, records: {}, unpriced: 0, faults: 0 };
  #asked = 0;

  reportOf(worker: Worker): WorkerReport | undefined {
    return this.#reports.get(worker);
  }

  heard(worker: Worker, report: WorkerReport): void {
    this.#reports.set(worker, report);
    if (report.asked !== undefined) this.#waiting.get(report.asked)?.(worker, report);
  }

  ended(worker: Worker): void {
    const report = this.#reports.get(worker);
    this.#reports.delete(worker);
    if (report !== undefined) this.#before = add(this.#before, report);
    for (const hear of this.#waiting.values()) hear(worker, undefined);
  }

  total(): Sums {
    return [...this.#reports.values()].reduce<Sums>(add, this.#before);
  }

  /** Asks each of the workers for a report of now; resolves with those that came in time. */
  ask(workers: readonly Worker[]): Promise<WorkerReport[]> {
    const id = ++this.#asked;
    const missing = new Set(workers);
    const reports: WorkerReport[] = [];
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(reports);
      };
      const timer = setTimeout(done, ANSWER_MS);
      this.#waiting.set(id, (worker, report) => {
        missing.delete(worker);
        if (report !== undefined) reports.push(report);
        if (missing.size === 0) done();
      });
      for (const worker of workers) worker.send({ type: 'gateway-report-request', id }, () => undefined);
      if (missing.size === 0) done();
    });
  }
}

function add(a: Sums, b: Sums): Sums {
  return {
    log: addLogTotals(a.log, b.log), records: addTallies(a.records, b.records), unpriced: a.unpriced + b.unpriced, faults: a.faults + b.faults,
  };
}
