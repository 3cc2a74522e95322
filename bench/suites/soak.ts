import { join } from 'node:path';
import type { Load } from '../load/load.js';
import type { StandIn } from '../stand-in/stand-in.js';
import type { Target } from '../targets/target.js';
import { phases } from './phases.js';
import { RunningTarget } from './running-target.js';

/** Memory of one target over many requests. */
export interface SoakResult {
  readonly target: string;
  readonly requests: number;
  /** Megabytes after each round. */
  readonly residentMb: readonly number[];
  /** The last round's less the third's. */
  readonly growthMb: number | undefined;
}

export interface SoakOptions {
  readonly target: Target;
  readonly requests: number;
  readonly connections: number;
  readonly upstream: string;
  readonly dir: string;
  readonly say: (text: string) => void;
}

const ROUNDS = 10;
/** Of a round's requests, so many are streams; of those, every so-manieth is abandoned by its client. */
const STREAM_SHARE = 0.05;
const ABANDON_EVERY = 5;
const LONGEST_ROUND_S = 600;

export async function soak(options: SoakOptions, standIn: StandIn, load: Load): Promise<SoakResult> {
  const [json, , stream] = phases(1);
  if (json === undefined || stream === undefined) throw new Error('the phases are missing');
  await standIn.play(json.script);
  const running = await RunningTarget.start(options.target, { upstream: options.upstream, caFile: undefined, dir: join(options.dir, 'soak') });
  const residentMb: number[] = [];
  let requests = 0;
  try {
    const shot = { port: running.port, path: '/v1/chat/completions', headers: running.headers, connections: options.connections, seconds: LONGEST_ROUND_S };
    const streams = Math.round(options.requests / ROUNDS * STREAM_SHARE);
    for (let round = 0; round < ROUNDS; round++) {
      await standIn.play(json.script);
      const whole = await load.run({ kind: 'closed', ...shot, body: json.body, requests: Math.round(options.requests / ROUNDS) - streams });
      await standIn.play(stream.script);
      const cut = await load.run({ kind: 'closed', ...shot, body: stream.body, requests: streams, abandonEvery: ABANDON_EVERY });
      await running.settle();
      requests += whole.requests + cut.requests + cut.abandoned;
      residentMb.push(running.residentMb());
      options.say(`soak  ${options.target.name}  round ${round + 1}: ${requests} requests, ${(residentMb.at(-1) ?? 0).toFixed(0)} MB`);
    }
  } finally {
    await running.stop();
  }
  const [third, last] = [residentMb[2], residentMb.at(-1)];
  return { target: options.target.name, requests, residentMb, growthMb: third === undefined || last === undefined ? undefined : last - third };
}
