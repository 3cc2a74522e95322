import type { LoadJob } from '../load/jobs.js';
import type { Script } from '../stand-in/script.js';

export type PhaseName = 'json' | 'json-100k' | 'stream-20' | 'stream-500' | 'paced' | 'rate';

/** One kind of load, the same for every target. */
export interface Phase {
  readonly name: PhaseName;
  /** For tables. */
  readonly title: string;
  readonly script: Script;
  readonly body: string;
  /** Closed loop: requests of a full measurement; fewer where the time runs out before. */
  readonly requests?: number;
  /** Measurements in a round where one says little; 1 unless given. */
  readonly takes?: number;
  /** Requests per second of the open loop; undefined: closed loop. */
  readonly rate?: number;
}

const QUESTION = 'We run a service behind a reverse proxy and want to know where the time of one request goes. Explain briefly what a reverse '
  + 'proxy does for each request, which parts of that work can be avoided by keeping connections open and by not parsing the bodies, and what cost is left over at the end. ';

/** A chat request whose question is about so many bytes long. */
export function chatBody(questionBytes: number, stream: boolean): string {
  return JSON.stringify({
    model: 'gpt-4o-mini',
    messages: [
      { role: 'system', content: 'You are a concise assistant for an operations team. Answer in plain sentences, no lists.' },
      { role: 'user', content: QUESTION.repeat(Math.ceil(questionBytes / QUESTION.length)).slice(0, questionBytes) },
    ],
    temperature: 0.2, max_tokens: 256, user: 'bench-user-1',
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
}

const SMALL = chatBody(310, false);
const SMALL_STREAM = chatBody(310, true);

/** @param rate requests per second of the open loop */
export function phases(rate: number): Phase[] {
  return [
    { name: 'json', title: 'JSON, 0.6 KB asked, 1.2 KB answered', script: { kind: 'json', textBytes: 350 }, body: SMALL, requests: 30_000 },
    { name: 'json-100k', title: 'JSON, 100 KB asked, 100 KB answered', script: { kind: 'json', textBytes: 100_000 }, body: chatBody(100_000, false), requests: 3_000 },
    { name: 'stream-20', title: 'streams of 20 events', script: { kind: 'stream', chunks: 20, delayMs: 0 }, body: SMALL_STREAM, requests: 5_000 },
    { name: 'stream-500', title: 'streams of 500 events', script: { kind: 'stream', chunks: 500, delayMs: 0 }, body: SMALL_STREAM, requests: 400 },
    { name: 'paced', title: 'streams of 20 events, one every 10 ms', script: { kind: 'stream', chunks: 20, delayMs: 10 }, body: SMALL_STREAM },
    { name: 'rate', title: `JSON at ${rate} requests a second`, script: { kind: 'json', textBytes: 350 }, body: SMALL, rate, takes: 5 },
  ];
}

/** Longest time for the requests of a full measurement, as a multiple of its usual length. */
const PATIENCE = 4;

/**
 * The load of a phase on a target's port. Where the phase counts its requests, all targets get the
 * same number, so that what is paid once (compiling, an export's last batch) weighs the same; a
 * `share` below 1 makes the measurement smaller.
 */
export function jobFor(phase: Phase, port: number, headers: readonly string[], seconds: number, connections: number, share = 1): LoadJob {
  const shot = { port, path: '/v1/chat/completions', headers, body: phase.body };
  return phase.rate === undefined
    ? phase.requests === undefined ? { kind: 'closed', ...shot, connections, seconds }
      : { kind: 'closed', ...shot, connections, seconds: seconds * PATIENCE, requests: Math.max(1, Math.round(phase.requests * share)) }
    : { kind: 'open', ...shot, rate: phase.rate, seconds };
}
