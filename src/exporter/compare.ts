import type { Config } from '../config/config.js';
import { indexFor, type Layout } from '../domain/elastic-names.js';
import { isGood, refusal } from '../elastic/answers.js';
import type { Elastic } from '../elastic/client.js';
import { deletionAge, isPastAge, mayBeDeleted } from '../elastic/lifecycle-age.js';
import { findDocuments, listRecordIds } from '../elastic/record-ids.js';
import { findCursor } from '../telemetry/backlog.js';
import { isSettled } from '../telemetry/cursor.js';
import { deadLetters } from '../telemetry/dead-letters.js';
import { IdSet } from '../telemetry/id-set.js';
import { retryIds } from '../telemetry/retry-files.js';
import { scanLog, type ScannedLine } from '../telemetry/scan.js';

/** What log and cluster have of each other. */
export interface Comparison {
  readonly since: string;
  readonly until: string;
  /** Records of the range in the log, and how many of them Elasticsearch has. */
  readonly in_log: number;
  readonly found: number;
  /** Not in Elasticsearch, and nothing says why: these are losses. */
  readonly missing: Findings;
  /** Not exported yet, or to be tried again. */
  readonly waiting: number;
  readonly dead_letters: number;
  /** Sent, and gone with an index that the lifecycle has deleted. */
  readonly expired: number;
  /** In indices that cannot be read now: nothing is known of them. */
  readonly unreadable: number;
  /** Those indices, with the server's reason; and indices of missing records that are not there at all. */
  readonly unreadable_indices: readonly { readonly index: string; readonly reason: string }[];
  readonly absent_indices: readonly string[];
  /** Documents of this gateway in Elasticsearch. */
  readonly in_elasticsearch: number;
  /** Ids of which there is more than one document. */
  readonly doubled: Findings;
  /** Documents of this gateway that its log does not have (any more). */
  readonly not_in_log: number;
}

/** How many, and the first of their ids. */
export interface Findings {
  readonly count: number;
  readonly ids: readonly string[];
}

const BATCH = 1_000;
const EXAMPLES = 20;

/**
 * Compares the ids of the log with those in Elasticsearch over a range of receipt times, both ways:
 * log → cluster by real-time reads, cluster → log by paged search. Changes nothing.
 *
 * @throws Failure where the cluster refuses a question
 */
export async function compare(elastic: Elastic, config: Pick<Config, 'elasticsearch' | 'telemetry'>, options: {
  readonly since: number; readonly until: number; readonly clusterUuid: string; readonly layout: Layout; readonly instance: string | undefined;
  readonly now?: number; readonly onBytes?: (read: number, total: number) => void;
}): Promise<Comparison> {
  const { since, until, layout, clusterUuid } = options;
  const { telemetry: { dir }, elasticsearch: { index } } = config;
  // Before the log is read: what is exported meanwhile is found all the same.
  const cursor = await findCursor(dir, { clusterUuid, index, layout });
  const dead = await collect(deadLetters(dir));
  const again = cursor === undefined ? new Set<string>() : await retryIds(dir, cursor);
  const age = await deletionAge(elastic, index);
  const now = options.now ?? Date.now();
  const seen = new IdSet();
  const tally = { found: 0, waiting: 0, dead: 0, expired: 0, unreadable: 0 };
  const unreadable = new Map<string, string>();
  const absentIndices = new Set<string>();
  const missing = new Examples();
  const judge = async (lines: readonly ScannedLine[]): Promise<void> => {
    for (const [target, group] of byIndex(lines, index, layout)) {
      const found = await findDocuments(elastic, target, group.map(({ id }) => id), layout);
      for (const line of group) {
        const reason = found.unreadable.get(line.id);
        if (found.there.has(line.id)) tally.found++;
        else if (dead.has(line.id)) tally.dead++;
        else if (again.has(line.id) || !isSettled(cursor, line.segment, line.start)) tally.waiting++;
        else if (reason !== undefined) {
          tally.unreadable++;
          unreadable.set(target, reason);
        } else if (isDeleted(layout, line.date, found.absent, age, now)) tally.expired++;
        else {
          if (found.absent) absentIndices.add(target);
          missing.add(line.id);
        }
      }
    }
  };
  let batch: ScannedLine[] = [];
  for await (const line of scanLog(dir, { since, until }, options.onBytes)) {
    if (!seen.add(line.id)) continue;
    batch.push(line);
    if (batch.length < BATCH) continue;
    await judge(batch);
    batch = [];
  }
  await judge(batch);
  const { documents, doubled, unknown } = await countDocuments(elastic, index, options, seen);
  return {
    since: new Date(since).toISOString(), until: new Date(until).toISOString(),
    in_log: seen.size, found: tally.found, missing: missing.findings(), waiting: tally.waiting, dead_letters: tally.dead, expired: tally.expired,
    unreadable: tally.unreadable, unreadable_indices: [...unreadable].map(([target, reason]) => ({ index: target, reason })), absent_indices: [...absentIndices],
    in_elasticsearch: documents, doubled: doubled.findings(), not_in_log: unknown,
  };
}

async function countDocuments(elastic: Elastic, index: string, range: { since: number; until: number; instance: string | undefined }, seen: IdSet): Promise<{ documents: number; doubled: Examples; unknown: number }> {
  const refreshed = await elastic.request({ method: 'POST', path: `/${encodeURIComponent(index)}/_refresh`, query: { ignore_unavailable: 'true' } });
  // Without the privilege the search sees what the cluster's own refresh has made visible.
  if (!isGood(refreshed) && refreshed.status !== 403 && refreshed.status !== 404) throw refusal(refreshed, `refresh ${index}`);
  const doubled = new Examples();
  let documents = 0;
  let unknown = 0;
  let previous: string | undefined;
  for await (const id of listRecordIds(elastic, index, range)) {
    documents++;
    if (id === previous) doubled.add(id);
    else if (!seen.has(id)) unknown++;
    previous = id;
  }
  return { documents, doubled, unknown };
}

function byIndex(lines: readonly ScannedLine[], name: string, layout: Layout): Map<string, ScannedLine[]> {
  const groups = new Map<string, ScannedLine[]>();
  for (const line of lines) {
    const target = indexFor(name, layout, line.date);
    const group = groups.get(target);
    if (group === undefined) groups.set(target, [line]);
    else group.push(line);
  }
  return groups;
}

/** Whether a record that was sent and is not there has gone with its index. In the layout single the index goes by its own age. */
function isDeleted(layout: Layout, date: string, absent: boolean, age: number | undefined, now: number): boolean {
  if (layout === 'single') return false;
  return layout === 'daily' ? absent && mayBeDeleted(date, age, now) : isPastAge(date, age, now);
}

async function collect(letters: AsyncIterable<{ readonly request_id: string }>): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { request_id: id } of letters) ids.add(id);
  return ids;
}

class Examples {
  readonly #ids: string[] = [];
  #count = 0;

  add(id: string): void {
    this.#count++;
    if (this.#ids.length < EXAMPLES) this.#ids.push(id);
  }

  findings(): Findings {
    return { count: this.#count, ids: this.#ids };
  }
}
