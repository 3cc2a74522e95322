import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { message } from '../machine/channel.js';
import { LOAD_CORE } from '../machine/proc.js';
import { start, stop } from '../machine/spawn.js';
import type { LoadJob, LoadOrder, LoadReport, LoadResult } from './jobs.js';

/** The load process, as the harness sees it. */
export class Load {
  readonly #child: ChildProcess;
  #last = 0;

  constructor(log: string) {
    this.#child = start(
      [process.execPath, '--import', 'tsx', fileURLToPath(new URL('worker.ts', import.meta.url))],
      { core: LOAD_CORE, ipc: true, log },
    );
  }

  /** Runs one job. @throws when the load process failed, not when requests did */
  async run(job: LoadJob): Promise<LoadResult> {
    const id = ++this.#last;
    const order: LoadOrder = { id, job };
    const answer = message(this.#child, (it): it is LoadReport => (it as LoadReport).id === id, 'the load process');
    this.#child.send(order);
    const { result, error } = await answer;
    if (result === undefined) throw new Error(error ?? 'the load process gave no result');
    return result;
  }

  stop(): Promise<void> {
    return stop(this.#child);
  }
}
