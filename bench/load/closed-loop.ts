import { Connection, requestBytes, type Observer } from './connection.js';
import type { ClosedJob, LoadResult } from './jobs.js';
import { Tally } from './tally.js';

/** Runs a closed job: its latencies say little (the load follows the target), its rate and count all. */
export function runClosed(job: ClosedJob): Promise<LoadResult> {
  const request = requestBytes(job);
  const tally = new Tally();
  const open = new Set<Connection>();
  return new Promise((resolve) => {
    let stopped = false;
    let sent = 0;
    const stop = (): void => {
      if (stopped) return;
      stopped = true;
      clearTimeout(timer);
      const result = tally.result();
      for (const connection of open) connection.destroy();
      resolve(result);
    };
    const timer = setTimeout(stop, job.seconds * 1000);
    const observer: Observer = {
      answered: (connection) => {
        if (stopped) return;
        tally.answered(connection);
        if (job.requests !== undefined && tally.requests + tally.abandoned >= job.requests) stop();
        else send(connection);
      },
      ended: (connection, busy) => {
        open.delete(connection);
        if (stopped) return;
        if (connection.abandon) tally.abandoned += 1;
        else if (busy) tally.broken += 1;
        // A target that refuses connections must not make the load spin.
        setTimeout(() => { if (!stopped) begin(); }, connection.abandon ? 0 : 10);
      },
    };
    const send = (connection: Connection): void => {
      sent += 1;
      connection.abandon = job.abandonEvery !== undefined && sent % job.abandonEvery === 0;
      connection.send(request, performance.now());
    };
    const begin = (): void => {
      const connection = new Connection(job.port, observer);
      open.add(connection);
      send(connection);
    };
    for (let i = 0; i < job.connections; i++) begin();
  });
}
