import type { Layout } from '../domain/elastic-names.js';
import { isGood } from '../elastic/answers.js';
import { ElasticUnreachable, type Elastic } from '../elastic/client.js';
import { isOurs } from '../elastic/cluster-state.js';
import { objectAt } from '../elastic/json.js';
import type { ItemAnswer } from '../elastic/verdict.js';

/**
 * Whether documents ended where they were sent: an ingest pipeline can drop them, move them to another index, or give them
 * another id, and the server calls all of that a success.
 */
export class Placement {
  readonly #elastic: Elastic;
  readonly #layout: Layout;
  readonly #name: string;
  /** Concrete indices by the name that was written to. */
  readonly #known = new Map<string, Set<string>>();

  constructor(elastic: Elastic, layout: Layout, name: string) {
    this.#elastic = elastic;
    this.#layout = layout;
    this.#name = name;
  }

  /**
   * Asks what the name of an index stands for, where an answer names another one: a shrunk or restored index bears that
   * of its day as an alias.
   *
   * @throws ElasticUnreachable
   */
  async learn(target: string, items: readonly ItemAnswer[]): Promise<void> {
    let previous: ItemAnswer | undefined;
    for (const item of items) {
      if (item === previous) continue;
      previous = item;
      if (item.index === undefined || this.#isPlaced(target, item.index) || this.#layout !== 'daily' || this.#known.has(target)) continue;
      const answer = await this.#elastic.request({ method: 'GET', path: `/_alias/${encodeURIComponent(target)}` });
      if (answer.status === 429 || answer.status >= 500) {
        throw new ElasticUnreachable(`the alias ${target} could not be read: HTTP ${String(answer.status)}`, 'connection', false, undefined);
      }
      this.#known.set(target, new Set(Object.keys(objectAt(isGood(answer) ? answer.body : undefined))));
    }
  }

  /** What was learnt is forgotten. */
  forget(target: string): void {
    this.#known.delete(target);
  }

  /** Why a document is not where it was sent, if so; `id` is its own. */
  fault(target: string, item: ItemAnswer, id: string): string | undefined {
    if (item.index !== undefined && !this.#isPlaced(target, item.index)) {
      return `the records of ${target} end in ${item.index}: an ingest pipeline (index.default_pipeline, index.final_pipeline) moves them`;
    }
    if (item.status === 200) return `the records of ${target} are dropped: an ingest pipeline (index.default_pipeline, index.final_pipeline) does so`;
    if (item.type.endsWith('_processor_exception')) return `an ingest pipeline of ${target} refuses records (${item.type}: ${item.reason})`;
    if (item.id !== undefined && item.id !== id) {
      return `the records of ${target} get another _id: an ingest pipeline (index.default_pipeline, index.final_pipeline) changes it, so records overwrite or repeat each other`;
    }
    return undefined;
  }

  #isPlaced(target: string, index: string): boolean {
    if (index === target || this.#known.get(target)?.has(index) === true) return true;
    return this.#layout === 'data-stream' && isOurs(index, this.#name);
  }
}

/** What an administrator does about a pipeline. */
export function pipelineFix(target: string): string {
  return `Take the pipeline off: PUT ${target}/_settings {"index.default_pipeline": "_none", "index.final_pipeline": "_none"}, and out of the index template; or choose another ELASTICSEARCH_INDEX.`;
}
