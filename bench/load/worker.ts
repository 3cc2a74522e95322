import { runClosed } from './closed-loop.js';
import type { LoadOrder, LoadReport } from './jobs.js';
import { runOpen } from './open-loop.js';

/** The load process: takes jobs over its IPC channel, one at a time, until the channel closes. */
process.on('message', (order: LoadOrder) => {
  const { id, job } = order;
  const running = job.kind === 'closed' ? runClosed(job) : runOpen(job);
  running.then(
    (result) => { tell({ id, result }); },
    (error: unknown) => { tell({ id, error: String(error) }); },
  );
});
process.on('disconnect', () => { process.exit(0); });

function tell(report: LoadReport): void {
  process.send?.(report);
}
