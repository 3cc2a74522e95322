import { readIndices } from '../elastic/cluster-state.js';
import { countLines } from './batch.js';
import { failed, log, type Context } from './context.js';
import { askIndex } from './gate.js';
import type { Lane } from './lane.js';
import type { Outcome } from './outcome.js';
import { pipelineFix } from './placement.js';

/** Looks at an index before the first write to it, and again after a fault: none is written that was mapped by guessing. */
export class IndexGuard {
  readonly #context: Context;
  readonly #outcome: Outcome;
  readonly #done: () => void;
  #running = 0;

  /** `done` is called after each look. */
  constructor(context: Context, outcome: Outcome, done: () => void) {
    this.#context = context;
    this.#outcome = outcome;
    this.#done = done;
  }

  /** Looks that have not ended. */
  get running(): number {
    return this.#running;
  }

  /** Begins to look; the lane is then checked, expired or held. */
  check(lane: Lane): void {
    const { pause, link, now } = this.#context;
    lane.checking = true;
    this.#running++;
    void this.#look(lane).catch((error: unknown) => {
      link.connected = false;
      const reason = error instanceof Error ? error.message : String(error);
      failed(this.#context, reason);
      pause.backOff(now(), reason);
    }).finally(() => {
      lane.checking = false;
      this.#running--;
      this.#done();
    });
  }

  async #look(lane: Lane): Promise<void> {
    const { elastic, config, target, layout, timing, link, now, placement } = this.#context;
    const answer = await askIndex(elastic, config, { clusterUuid: target.clusterUuid, layout }, lane.date, lane.index);
    if (answer.kind === 'other-target') {
      link.connected = false;
      return;
    }
    if (answer.kind === 'problem') {
      await this.#outcome.hold(lane, answer.reason, answer.fix, timing.probeMs);
      return;
    }
    placement.forget(lane.index);
    if (lane.isDiverted && await this.#hasPipeline(lane)) {
      await this.#outcome.hold(lane, lane.hold?.reason ?? '', pipelineFix(lane.index), timing.probeMs);
      return;
    }
    lane.checked = true;
    lane.checkedAt = now();
    lane.expired = answer.kind === 'expired';
    if (lane.expired) this.#expire(lane);
  }

  async #hasPipeline(lane: Lane): Promise<boolean> {
    const { elastic, config } = this.#context;
    const index = (await readIndices(elastic, config.index)).findLast(({ name }) => name === lane.index || lane.date === undefined);
    return index !== undefined && index.pipelines.length > 0;
  }

  #expire(lane: Lane): void {
    const { work, counters } = this.#context;
    const runs = work.withdraw(lane);
    counters.expired += countLines(runs);
    for (const run of runs) work.settle(run);
    log(this.#context, 'warn', `records of ${lane.date ?? lane.index} are older than the lifecycle policy keeps records, and their index ${lane.index} is not there: they are not sent (counted as expired; \`gateway telemetry export --include-expired\` sends them)`);
  }
}
