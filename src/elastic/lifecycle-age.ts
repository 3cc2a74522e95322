import { objectNames } from '../domain/elastic-names.js';
import { isGood, refusal } from './answers.js';
import type { Elastic, ElasticAnswer } from './client.js';
import { at, objectAt, stringAt } from './json.js';
import { timeMs } from './normalise.js';

const DAY_MS = 24 * 3_600_000;

/**
 * Age at which the cluster deletes records of that name, as the policy says that the template names: in milliseconds.
 * Undefined where it never does, and where that cannot be read: nothing may be taken for deleted then.
 *
 * @throws ElasticUnreachable, and a Failure where the cluster is too busy to say
 */
export async function deletionAge(elastic: Elastic, name: string): Promise<number | undefined> {
  const answer = await read(elastic, `/_index_template/${encodeURIComponent(objectNames(name).template)}`);
  const template = isGood(answer) ? at(answer.body, 'index_templates', 0, 'index_template', 'template') : undefined;
  const settings = objectAt(template, 'settings');
  const policy = stringAt(settings, 'index', 'lifecycle', 'name') ?? stringAt(settings, 'index.lifecycle.name');
  // The lifecycle of a data stream, where no policy stands before it.
  if (policy === undefined) return timeMs(at(template, 'lifecycle', 'data_retention'));
  const found = await read(elastic, `/_ilm/policy/${encodeURIComponent(policy)}`);
  const phase = isGood(found) ? at(found.body, policy, 'policy', 'phases', 'delete') : undefined;
  if (phase === undefined || at(phase, 'actions', 'delete') === undefined) return undefined;
  return timeMs(at(phase, 'min_age') ?? '0ms');
}

async function read(elastic: Elastic, path: string): Promise<ElasticAnswer> {
  const answer = await elastic.request({ method: 'GET', path });
  if (answer.status === 429 || answer.status >= 500) throw refusal(answer, `read ${path}`);
  return answer;
}

/** Whether the index of that day may have been deleted by its lifecycle: it was made on that day at the earliest. */
export function mayBeDeleted(date: string, age: number | undefined, now: number): boolean {
  return age !== undefined && now - Date.parse(date) >= age;
}

/** Whether every record of that day is older than the lifecycle keeps records. */
export function isPastAge(date: string, age: number | undefined, now: number): boolean {
  return age !== undefined && now - Date.parse(date) >= age + DAY_MS;
}
