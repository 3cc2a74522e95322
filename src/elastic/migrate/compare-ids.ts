import { isGood, refusal } from '../answers.js';
import type { Elastic } from '../client.js';
import { at, listAt } from '../json.js';
import { oldRecords } from './old-records.js';

export interface Comparison {
  /** Documents of the old index. */
  readonly compared: number;
  /** Ids that are not in their daily index; at most a few of them. */
  readonly missing: readonly string[];
  readonly missingCount: number;
}

const SHOWN = 5;

/** Asks for every document of the old index whether its daily index has it under the same id. */
export async function compareIds(elastic: Elastic, oldIndex: string, indexOf: (day: string) => string, onPage: (done: number) => void): Promise<Comparison> {
  let compared = 0;
  let missingCount = 0;
  const missing: string[] = [];
  for await (const page of oldRecords(elastic, oldIndex, ['timestamp'])) {
    const dated = page.filter((record) => record.day !== undefined);
    const found = dated.length === 0 ? [] : await present(elastic, dated.map(({ id, day = '' }) => ({ _index: indexOf(day), _id: id })));
    const absent = [...page.filter((record) => record.day === undefined), ...dated.filter((_, i) => found[i] !== true)];
    compared += page.length;
    missingCount += absent.length;
    missing.push(...absent.slice(0, SHOWN - missing.length).map((record) => record.id));
    onPage(compared);
  }
  return { compared, missing, missingCount };
}

async function present(elastic: Elastic, docs: readonly { readonly _index: string; readonly _id: string }[]): Promise<boolean[]> {
  const answer = await elastic.request({ method: 'POST', path: '/_mget', query: { _source: 'false' }, body: { docs } });
  if (!isGood(answer)) throw refusal(answer, 'look for the copied records');
  return listAt(answer.body, 'docs').map((doc) => at(doc, 'found') === true);
}
