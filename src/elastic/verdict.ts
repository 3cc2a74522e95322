import { errorOf, isGood, type Answer } from './answers.js';
import { at, listAt, numberAt, stringAt } from './json.js';

/** What became of one document of a bulk request. */
export interface ItemAnswer {
  readonly status: number;
  readonly type: string;
  readonly reason: string;
  /** Where the document is, and under which id; only where that was asked for. */
  readonly index?: string;
  readonly id?: string;
}

/**
 * What a whole answer to a bulk request means:
 * - `items`: it counts; each document has its own answer;
 * - `retry`: send the same again later; `ambiguous` where the request may have had its effect;
 * - `split`: too large; send less at once;
 * - `hold`: only an operator can fix it; one probe a minute, for ever.
 */
export type WholeVerdict =
  | { readonly kind: 'items'; readonly items: readonly ItemAnswer[] }
  | { readonly kind: 'retry'; readonly reason: string; readonly ambiguous: boolean; readonly overloaded: boolean; readonly retryAfterMs?: number }
  | { readonly kind: 'split'; readonly reason: string }
  | { readonly kind: 'hold'; readonly reason: string; readonly fix: string };

/**
 * What the answer to one document means: `done` was written now, `exists` was there already, `retry`
 * comes again, `hold-index` is a fault of its index, `dead-letter` can never be written as it is.
 */
export type ItemVerdict = 'done' | 'exists' | 'retry' | 'hold-index' | 'dead-letter';

/** What is wrong with the document itself, in the words of 7.17, 8.x and 9.x. */
const OF_THE_DOCUMENT = new Set(['mapper_parsing_exception', 'document_parsing_exception', 'strict_dynamic_mapping_exception']);

/** 400s that are faults of the index: closed, no room for its shards, its name or alias taken. */
const OF_THE_INDEX = new Set([
  'index_closed_exception', 'validation_exception', 'invalid_index_name_exception', 'invalid_alias_name_exception', 'resource_already_exists_exception',
]);

/** The same faults where the server knows no type of its own for them. */
const SAYS_INDEX = /no write index is defined for alias|pipeline with id .* does not exist|only write ops with an op_type of create are allowed|(index|data stream) exists with the same name as the alias|already exists as alias/i;

/**
 * Judges a whole answer to `sent` documents. It counts only if it is 2xx, JSON, with a boolean
 * `errors` and as many items as were sent: an answer of anything in between never settles a record.
 */
export function judgeAnswer(answer: Answer, sent: number): WholeVerdict {
  const { status } = answer;
  if (isGood(answer)) {
    const items = itemsOf(answer);
    if (items?.length === sent) return { kind: 'items', items };
    return { kind: 'retry', ambiguous: true, overloaded: false, reason: `HTTP ${String(status)}, but not the answer to a bulk of ${String(sent)} documents: something in between answered or cut it` };
  }
  const said = describe(answer);
  if (status === 413) return { kind: 'split', reason: said };
  if (status === 401) return { kind: 'hold', reason: said, fix: 'Correct ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD or ELASTICSEARCH_API_KEY; one that is read from a file (…_FILE) is taken up without a restart.' };
  if (status === 403) return { kind: 'hold', reason: said, fix: 'Grant what the message names, or lift the block of the cluster; `gateway es verify` lists missing privileges.' };
  if (status === 404) return { kind: 'hold', reason: said, fix: 'Check ELASTICSEARCH_URL: its path, or a proxy in between, does not lead to the bulk API.' };
  if (status >= 300 && status < 400) return { kind: 'hold', reason: said, fix: 'Set ELASTICSEARCH_URL to the address itself: redirects are not followed.' };
  const retryAfterMs = retryAfter(answer);
  return {
    kind: 'retry', reason: said, overloaded: status === 429,
    // Refused at the door is the only failure that surely wrote nothing.
    ambiguous: status !== 429,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Judges the answer to one document. What is not known is neither done nor dead. */
export function judgeItem({ status, type, reason }: ItemAnswer): ItemVerdict {
  if (status === 201) return 'done';
  if (status === 409) return type === '' || type === 'version_conflict_engine_exception' ? 'exists' : 'retry';
  if (status === 403 || status === 404) return 'hold-index';
  if (status === 400) {
    if (OF_THE_DOCUMENT.has(type)) return 'dead-letter';
    if (type === 'illegal_argument_exception' && /immense term/i.test(reason)) return 'dead-letter';
    if (OF_THE_INDEX.has(type) || SAYS_INDEX.test(reason)) return 'hold-index';
  }
  return 'retry';
}

/** Whether an item that is sent again may have been written already. */
export function isAmbiguousItem({ status }: ItemAnswer): boolean {
  return status !== 429;
}

/** Whether the server said of this document that it has too much to do. */
export function isOverloadedItem({ status }: ItemAnswer): boolean {
  return status === 429;
}

function itemsOf(answer: Answer): ItemAnswer[] | undefined {
  if (!answer.isJson || typeof at(answer.body, 'errors') !== 'boolean' || !Array.isArray(at(answer.body, 'items'))) return undefined;
  const items: ItemAnswer[] = [];
  let previous: unknown;
  for (const item of listAt(answer.body, 'items')) {
    // Items that are one object get one answer.
    if (item === previous) {
      items.push(items.at(-1) as ItemAnswer);
      continue;
    }
    previous = item;
    const result = at(item, 'create');
    const status = numberAt(result, 'status');
    if (status === undefined) return undefined;
    const index = stringAt(result, '_index');
    const id = stringAt(result, '_id');
    items.push({
      status, type: stringAt(result, 'error', 'type') ?? '', reason: reasonOf(at(result, 'error')),
      ...(index !== undefined && { index }), ...(id !== undefined && { id }),
    });
  }
  return items;
}

/** The server's reason with its causes: the last one usually names the thing. */
function reasonOf(error: unknown): string {
  const reasons: string[] = [];
  for (let cause = error; cause !== undefined && reasons.length < 4; cause = at(cause, 'caused_by')) {
    const reason = stringAt(cause, 'reason');
    if (reason !== undefined && !reasons.includes(reason)) reasons.push(reason);
  }
  return reasons.join(': ').slice(0, 1_000);
}

function describe(answer: Answer): string {
  if (!answer.isJson) return `HTTP ${String(answer.status)} without a JSON body`;
  const { type, reason } = errorOf(answer);
  return `HTTP ${String(answer.status)}${type === '' ? '' : ` ${type}`}: ${reason}`.slice(0, 500);
}

/** Seconds or a date, in milliseconds from now; an hour at most. */
function retryAfter(answer: Answer): number | undefined {
  const value = answer.headers['retry-after'];
  if (typeof value !== 'string' || value === '') return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, 3_600_000) : undefined;
}
