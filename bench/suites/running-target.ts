import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs, processTree, residentMb, TARGET_CORE } from '../machine/proc.js';
import { start, stop } from '../machine/spawn.js';
import type { Launch, Place, Target } from '../targets/target.js';
import { freePort } from './free-port.js';
import { chatBody } from './phases.js';

const START_MS = 20_000;
const KEY = ['content-type', 'application/json', 'accept', 'application/json', 'user-agent', 'bench'];

/** A target that was started and answers. */
export class RunningTarget {
  readonly target: Target;
  readonly port: number;
  readonly headers: readonly string[];
  readonly #launch: Launch | undefined;
  readonly #child: ChildProcess | undefined;

  private constructor(target: Target, port: number, upstream: string, launch?: Launch, child?: ChildProcess) {
    this.target = target;
    this.port = port;
    const own = (target.headers ?? []).map((text) => text.replace('{upstream}', upstream));
    this.headers = [...KEY, ...(own.includes('authorization') ? [] : ['authorization', 'Bearer sk-bench']), ...own];
    this.#launch = launch;
    this.#child = child;
  }

  /** @param script what the stand-in answers at the time: one JSON answer. @throws when the target does not answer rightly in time */
  static async start(target: Target, options: { upstream: string; caFile: string | undefined; dir: string }): Promise<RunningTarget> {
    if (target.launch === undefined) return new RunningTarget(target, Number(new URL(options.upstream).port), options.upstream);
    const place: Place = { port: await freePort(), upstream: options.upstream, caFile: options.caFile, dir: join(options.dir, target.name) };
    mkdirSync(place.dir, { recursive: true });
    const launch = target.launch(place);
    const child = start(launch.command, {
      core: TARGET_CORE, log: join(place.dir, 'output.log'),
      ...(launch.env === undefined ? {} : { env: launch.env }),
      ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
    });
    const running = new RunningTarget(target, place.port, options.upstream, launch, child);
    try {
      await running.#answering(performance.now() + (target.startMs ?? START_MS));
    } catch (error) {
      await running.stop();
      throw error;
    }
    return running;
  }

  get pids(): number[] {
    return this.#child?.pid === undefined ? [] : processTree(this.#child.pid);
  }

  /** CPU time of the whole process tree so far, in milliseconds. */
  cpuMs(): number {
    return cpuMs(this.pids);
  }

  residentMb(): number {
    return residentMb(this.pids);
  }

  async settle(): Promise<void> {
    await this.#launch?.settle?.();
  }

  async stop(): Promise<void> {
    if (this.#child !== undefined) await stop(this.#child);
    await this.#launch?.cleanUp?.();
  }

  async #answering(deadline: number): Promise<void> {
    let last: unknown;
    while (performance.now() < deadline) {
      if (this.#child?.exitCode !== null) throw new Error(`${this.target.name} ended by itself with code ${String(this.#child?.exitCode)}`);
      try {
        await this.check();
        return;
      } catch (error) {
        last = error;
        await sleep(100);
      }
    }
    throw new Error(`${this.target.name} did not answer rightly in time`, { cause: last });
  }

  /** One request; its answer must be the stand-in's, whole. */
  async check(): Promise<void> {
    const headers = Object.fromEntries(Array.from({ length: this.headers.length / 2 }, (_, i) => [this.headers[2 * i] as string, this.headers[2 * i + 1] as string]));
    const answer = await fetch(`http://127.0.0.1:${this.port}/v1/chat/completions`, {
      method: 'POST', headers, body: chatBody(310, false), signal: AbortSignal.timeout(20_000),
    });
    const text = await answer.text();
    const { choices, usage } = JSON.parse(text) as { choices?: { message: { content: string } }[]; usage?: { total_tokens: number } };
    if (answer.status !== 200 || choices?.[0]?.message.content.startsWith('A reverse proxy sits') !== true || usage?.total_tokens !== 190) {
      throw new Error(`status ${answer.status}: ${text.slice(0, 300)}`);
    }
  }
}
