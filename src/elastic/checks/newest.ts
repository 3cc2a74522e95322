import { errorOf, isGood } from '../answers.js';
import { at, listAt, numberAt, objectAt } from '../json.js';
import { type Check, fail, ok } from './check.js';

/** The newest five records, by the search that the documentation gives. */
export const newest: Check = {
  id: 'newest',
  title: 'Newest records',
  needs: ['layout'],
  async run({ elastic, config }) {
    const answer = await elastic.request({
      method: 'POST',
      path: `/${encodeURIComponent(config.index)}/_search`,
      query: { ignore_unavailable: 'true' },
      body: { query: { match_all: {} }, size: 5, sort: [{ timestamp: { order: 'desc', unmapped_type: 'date' } }], track_total_hits: true },
    });
    if (answer.status === 403) return fail(`may not search ${config.index} (${errorOf(answer).reason})`, `Grant the index privilege read on ${config.index}.`);
    if (!isGood(answer)) return fail(`the search failed (HTTP ${String(answer.status)}, ${errorOf(answer).reason})`, 'Look at the checks mapping and blocks, and at the health of the cluster.');
    const failed = numberAt(answer.body, '_shards', 'failed') ?? 0;
    if (failed > 0) return fail(`the search failed on ${String(failed)} shards`, 'Look at the checks mapping and health.');
    const total = numberAt(answer.body, 'hits', 'total', 'value') ?? 0;
    if (total === 0) return ok('the search works; no records yet', 'Send a request through `ENABLE_ELASTICSEARCH=true gateway serve`.');
    const records = listAt(answer.body, 'hits', 'hits').map((hit) => describe(objectAt(hit, '_source')));
    return ok(`${String(total)} ${total === 1 ? 'record' : 'records'}, the newest: ${records.join('; ')}`);
  },
};

function describe(record: Record<string, unknown>): string {
  return ['timestamp', 'provider', 'model', 'status_code'].map((field) => printable(at(record, field))).filter((text) => text !== '').join(' ');
}

/** Values come from clients: no control characters on a terminal, nothing endless. */
function printable(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  return String(value).replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 60);
}
