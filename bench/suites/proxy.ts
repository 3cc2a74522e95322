import { join } from 'node:path';
import type { Load } from '../load/load.js';
import { median } from '../load/percentiles.js';
import type { StandIn } from '../stand-in/stand-in.js';
import type { Target } from '../targets/target.js';
import { measure, type Measurement } from './measure.js';
import { phases, type Phase, type PhaseName } from './phases.js';
import { RunningTarget } from './running-target.js';

export interface ProxyOptions {
  readonly targets: readonly Target[];
  /** Targets that only the first rounds have: slow to start, slow to measure. */
  readonly peers: readonly Target[];
  readonly peerRounds: number;
  readonly rounds: number;
  readonly seconds: number;
  /** Of the requests of a full measurement, so many are made; the rest of the time is what it is. */
  readonly share: number;
  readonly connections: number;
  readonly only: readonly PhaseName[] | undefined;
  /** Requests per second of the open loop; undefined: half of what our own gateway takes here, with its export where that is measured. */
  readonly rate: number | undefined;
  readonly dir: string;
  readonly caFile: string | undefined;
  readonly upstream: string;
  readonly say: (text: string) => void;
  /** Given what is known after each round, so that a run that is broken off has not been for nothing. */
  readonly onRound: (result: ProxyResult) => void;
}

/** A measurement and where it belongs. */
export interface Sample extends Measurement {
  readonly round: number;
  readonly target: string;
  readonly phase: PhaseName;
  /** Which of the round's measurements of the phase, from 0. */
  readonly take: number;
}

export interface ProxyResult {
  /** Requests per second of the open loop; 0 where that was not among the phases. */
  readonly rate: number;
  readonly samples: readonly Sample[];
  /** Megabytes of each target after each round's phases. */
  readonly residentMb: Readonly<Record<string, readonly number[]>>;
  /** Targets that could not be measured, with the reason. */
  readonly failures: Readonly<Record<string, string>>;
}

const JSON_SCRIPT = { kind: 'json', textBytes: 350 } as const;

/**
 * Measures all targets: in every round they are started afresh, warmed up, and then take turns in
 * each phase, so that what a neighbour on the machine takes away it takes from all of them.
 */
export async function measureProxies(options: ProxyOptions, standIn: StandIn, load: Load): Promise<ProxyResult> {
  const samples: Sample[] = [];
  const residentMb: Record<string, number[]> = {};
  const failures: Record<string, string> = {};
  let rate = options.rate;
  const known = (): ProxyResult => ({ rate: rate ?? 0, samples, residentMb, failures });
  for (let round = 0; round < options.rounds; round++) {
    const wanted = [...options.targets, ...(round < options.peerRounds ? options.peers : [])].filter(({ name }) => failures[name] === undefined);
    await standIn.play(JSON_SCRIPT);
    const running = await startAll(rotated(wanted, round), options, round, failures);
    try {
      await warmUp(running, options, standIn, load);
      if (options.only?.includes('rate') !== false) rate ??= await halfOfSaturation(running, options, standIn, load);
      for (const phase of phases(rate ?? 0)) {
        if (options.only !== undefined && !options.only.includes(phase.name)) continue;
        await standIn.play(phase.script);
        for (let take = 0; take < (phase.takes ?? 1); take++) {
          for (const one of running) {
            const fitting = fit(phase, one, samples);
            const sample = { round, target: one.target.name, phase: phase.name, take, ...await measure(one, fitting, load, options) };
            samples.push(sample);
            options.say(line(sample));
          }
        }
      }
      for (const one of running) (residentMb[one.target.name] ??= []).push(one.residentMb());
    } finally {
      await Promise.all(running.map((one) => one.stop()));
    }
    options.onRound(known());
  }
  return known();
}

async function startAll(targets: readonly Target[], options: ProxyOptions, round: number, failures: Record<string, string>): Promise<RunningTarget[]> {
  const started = await Promise.all(targets.map(async (target) => {
    try {
      return await RunningTarget.start(target, { upstream: options.upstream, caFile: options.caFile, dir: join(options.dir, `round-${round}`) });
    } catch (error) {
      failures[target.name] = String(error);
      options.say(`${target.name} is left out: ${String(error)}`);
      return undefined;
    }
  }));
  return started.filter((one) => one !== undefined);
}

async function warmUp(running: readonly RunningTarget[], options: ProxyOptions, standIn: StandIn, load: Load): Promise<void> {
  for (const phase of phases(1)) {
    if (phase.name !== 'json' && phase.name !== 'stream-20') continue;
    await standIn.play(phase.script);
    for (const one of running) {
      await measure(one, phase, load, options);
    }
  }
}

/** One rate for all: half of what our own gateway can take, with its export where that is measured; of any target where it is not among them. */
async function halfOfSaturation(running: readonly RunningTarget[], options: ProxyOptions, standIn: StandIn, load: Load): Promise<number> {
  const ours = ['elasticsearch', 'log'].map((name) => running.find(({ target }) => target.name === name)).find((one) => one !== undefined) ?? running[0];
  const [json] = phases(1);
  if (ours === undefined || json === undefined) return 100;
  await standIn.play(json.script);
  const { perSecond } = await measure(ours, json, load, options);
  return Math.max(10, Math.round(perSecond / 2 / 100) * 100);
}

/** A target that cannot take the common rate gets half of its own. */
function fit(phase: Phase, { target }: RunningTarget, samples: readonly Sample[]): Phase {
  if (phase.rate === undefined) return phase;
  const own = median(samples.filter((sample) => sample.target === target.name && sample.phase === 'json').map(({ perSecond }) => perSecond));
  if (own === undefined || own > phase.rate * 1.2) return phase;
  return { ...phase, rate: Math.max(5, Math.round(own / 2)) };
}

/** Another order in each round, so that no target always comes after the same one. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const shift = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(shift), ...items.slice(0, shift)];
}

function line({ round, target, phase, perSecond, cpuMsPer1k, latency, errors, noise }: Sample): string {
  const cpu = cpuMsPer1k === undefined ? '' : `${cpuMsPer1k.toFixed(1)} ms CPU per 1,000, `;
  const wrong = errors === 0 ? '' : `, ${errors} ERRORS`;
  return `round ${round + 1}  ${phase.padEnd(10)}  ${target.padEnd(10)}  ${cpu}${perSecond.toFixed(0)}/s, p99 ${((latency?.p99 ?? 0) / 1000).toFixed(2)} ms, others ${(noise * 100).toFixed(0)} %${wrong}`;
}
