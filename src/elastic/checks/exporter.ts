import { type Check, fail, ok, skip, warn } from './check.js';

const LATE_MS = 60_000;

/** How far the exporter of this machine's log is behind. */
export const exporter: Check = {
  id: 'exporter',
  title: 'Exporter',
  needs: [],
  async run({ exporter: ask, server, plan }) {
    if (ask === undefined) return skip('no telemetry log was given');
    const state = await ask(server?.clusterUuid, plan?.layout ?? 'daily');
    const waiting = state.behindBytes + state.retryBytes;
    const lag = waiting === 0
      ? 'everything in the log is exported'
      : `${size(waiting)} of the log ${state.oldestMs === undefined ? '' : `(the oldest record is ${duration(state.oldestMs)} old) `}not exported yet`;
    const seen = `${lag}${state.retryBytes === 0 ? '' : `, ${size(state.retryBytes)} of it refused so far and tried again`}; log in ${state.dir}`;
    if (state.deadLetters > 0) return warn(`${refused(state.deadLetters)} refused for good; ${seen}`, `Look at the files in ${state.dir}/dead-letters: each line names the reason. Once that is fixed, \`gateway telemetry retry\` sends them again.`);
    if (waiting === 0) return ok(seen);
    if (!state.enabled) return warn(`the export is off (ENABLE_ELASTICSEARCH is false); ${seen}`, 'Start `ENABLE_ELASTICSEARCH=true gateway serve`: it sends the backlog, oldest first.');
    if ((state.oldestMs ?? 0) > LATE_MS) return fail(seen, 'See that `gateway serve` runs; its /ready says why exporting waits.');
    return ok(seen);
  },
};

function refused(records: number): string {
  return records === 1 ? '1 record was' : `${String(records)} records were`;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${String(bytes)} B`;
  if (bytes < 2 ** 20) return `${(bytes / 1024).toFixed(1)} KiB`;
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${String(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${String(minutes)} min` : `${String(Math.round(minutes / 60))} h`;
}
