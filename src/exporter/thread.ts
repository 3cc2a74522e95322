import { parentPort, workerData } from 'node:worker_threads';
import { createElastic, type Elastic } from '../elastic/client.js';
import { readUnsettled } from '../telemetry/backlog.js';
import { writerIsGone } from '../telemetry/writers.js';
import type { Context } from './context.js';
import { askGate, type GateAnswer } from './gate.js';
import { Pause } from './pause.js';
import { noCounters, type ExporterInput, type FromThread, type ToThread } from './protocol.js';
import { Session } from './session.js';
import { Signal } from './signal.js';

/** The thread's entry: asks the gate until it opens, then exports, and starts over where the cluster has become another one. */
const input = workerData as ExporterInput;
const port = parentPort;
if (port === null) throw new Error('this module is the entry of a worker thread');

const report = (message: FromThread): void => { port.postMessage(message); };
const signal = new Signal();
const abort = new AbortController();
const pause = new Pause(input.timing);
const counters = noCounters();
const last: Context['last'] = { error: null, errorAt: null, successAt: null, bulkMs: [], deadInARow: 0 };
let writers = input.writers;
let stopAt: number | undefined;
let session: Session | undefined;

port.on('message', (message: ToThread) => {
  if (message.type === 'writers') writers = message.writers;
  else {
    stopAt = performance.now() + message.deadlineMs;
    setTimeout(() => { abort.abort(); signal.raise(); }, message.deadlineMs).unref();
  }
  signal.raise();
});

await main();
// The port would keep the thread alive.
port.close();

async function main(): Promise<void> {
  const { elasticsearch: config } = input;
  const statusTimer = setInterval(() => { void tell(); }, input.timing.statusMs);
  let elastic: Elastic | undefined;
  try {
    while (stopAt === undefined) {
      try {
        elastic ??= createElastic(config);
      } catch (error) {
        await waitAt({ kind: 'holding', reason: messageOf(error), fix: 'Fix what the message names; it is tried again every minute.' });
        continue;
      }
      const answer = await askGate(elastic, config);
      if (answer.kind !== 'open') {
        await waitAt(answer);
        continue;
      }
      const { clusterUuid, layout } = answer;
      pause.clear();
      session = await Session.open({
        input, elastic, config, layout, pause, counters, last, report, signal, abort: abort.signal,
        target: { clusterUuid, index: config.index, layout },
        writerIsGone: (writer) => writerIsGone(writer, writers),
        stopAt: () => stopAt,
      });
      await tell();
      await session.run();
      await tell();
      session = undefined;
    }
  } finally {
    clearInterval(statusTimer);
    await elastic?.close();
  }
}

/** Says why the export waits, and waits. */
async function waitAt(answer: Exclude<GateAnswer, { kind: 'open' }>): Promise<void> {
  const now = performance.now();
  last.error = answer.reason;
  last.errorAt = Date.now();
  const news = answer.kind === 'backing-off' ? pause.backOff(now, answer.reason)
    : answer.kind === 'holding' ? pause.hold(now, answer.reason, answer.fix) : pause.awaitTemplate(now, answer.reason, answer.fix);
  if (news) {
    const fields = { reason: answer.reason, ...(answer.kind !== 'backing-off' && { fix: answer.fix }) };
    report({ type: 'log', level: 'warn', fields, message: 'the export to Elasticsearch waits; records stay in the log' });
  }
  await tell();
  while (stopAt === undefined && performance.now() < pause.until) {
    await signal.wait(signal.count, pause.until - performance.now());
  }
}

async function tell(): Promise<void> {
  const bulkMs = last.bulkMs.splice(0);
  report({ type: 'status', status: await (session?.status() ?? statusWithoutSession()), bulkMs });
}

/** Before the cluster has said who it is, the target that was written to last tells how much waits. */
async function statusWithoutSession(): Promise<Extract<FromThread, { type: 'status' }>['status']> {
  const { index, layout } = input.elasticsearch;
  const backlog = await readUnsettled(input.dir, { clusterUuid: undefined, index, layout });
  const { cause } = pause;
  return {
    state: cause?.kind ?? 'starting', reason: cause?.reason ?? null, fix: cause?.fix ?? null, target: undefined,
    backlogBytes: backlog.behindBytes, retryBytes: backlog.retryBytes,
    oldestTime: backlog.oldestMs === undefined ? null : Date.now() - backlog.oldestMs,
    heldIndices: [], lastError: last.error, lastErrorAt: last.errorAt, lastSuccessAt: last.successAt, counters: { ...counters },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
