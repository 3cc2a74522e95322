import { objectNames } from '../domain/elastic-names.js';
import { isGood } from '../elastic/answers.js';
import { at, canonicalJson, stringAt } from '../elastic/json.js';
import type { Context } from './context.js';

const ASK_TIMEOUT_MS = 10_000;

/**
 * Looks, before records go, whether the cluster is still the one that the gate let through: an address can become another
 * cluster, a cluster can be emptied, and a migration can turn NAME into an alias, all without one failed request.
 */
export class TargetWatch {
  readonly #context: Context;
  #askedAt = -Infinity;
  #connections = -1;
  #template: string | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** The gate was asked again: what it found is the measure from now on. */
  reset(): void {
    this.#askedAt = -Infinity;
    this.#template = undefined;
  }

  /**
   * Whether the gate's answer still holds. Asks at most once in `timing.watchMs`, and after each new connection; in the
   * layout single also whether NAME is still an index, each time.
   *
   * @throws ElasticUnreachable
   */
  async holds(): Promise<boolean> {
    const { elastic, timing, now } = this.#context;
    const connections = elastic.connections?.() ?? 0;
    if (connections === this.#connections && now() - this.#askedAt < timing.watchMs) return this.#sameLayout();
    const same = (await Promise.all([this.#sameCluster(), this.#sameTemplate(), this.#sameLayout()])).every(Boolean);
    this.#connections = elastic.connections?.() ?? 0;
    this.#askedAt = now();
    return same;
  }

  async #sameCluster(): Promise<boolean> {
    const answer = await this.#ask('GET', '/');
    return isGood(answer) && stringAt(answer.body, 'cluster_uuid') === this.#context.target.clusterUuid;
  }

  async #sameTemplate(): Promise<boolean> {
    const { template } = objectNames(this.#context.config.index);
    const answer = await this.#ask('GET', `/_index_template/${encodeURIComponent(template)}`);
    if (!isGood(answer)) return false;
    const found = canonicalJson(at(answer.body, 'index_templates', 0, 'index_template'));
    this.#template ??= found;
    return found === this.#template;
  }

  /** A write to NAME itself would go through an alias that has just taken its place. */
  async #sameLayout(): Promise<boolean> {
    if (this.#context.layout !== 'single') return true;
    return (await this.#ask('HEAD', `/_alias/${encodeURIComponent(this.#context.config.index)}`)).status === 404;
  }

  #ask(method: string, path: string): ReturnType<Context['elastic']['request']> {
    return this.#context.elastic.request({ method, path, timeoutMs: ASK_TIMEOUT_MS, signal: this.#context.signal });
  }
}
