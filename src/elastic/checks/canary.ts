import { newRequestId } from '../../domain/request-id.js';
import { errorOf, isGood, refusal } from '../answers.js';
import { at, numberAt, stringAt } from '../json.js';
import { describePrivileges, missingPrivileges, privilegeNames } from '../privileges.js';
import { type Check, fail, ok, skip } from './check.js';
import { displaced, isSafe, target } from './write-probe.js';

/** Really writes one record, finds it by search and deletes it. */
export const canary: Check = {
  id: 'canary',
  title: 'Canary',
  needs: ['write'],
  writes: true,
  onRequest: true,
  async run(context) {
    const { elastic, config, plan, securityOff, now } = context;
    const index = target(context);
    if (!isSafe(context)) return skip(`not run: it would make ${index} with a wrong mapping`, 'Run `gateway es init`.');
    const names = privilegeNames(config.index);
    const missing = securityOff === true ? undefined : await missingPrivileges(elastic, { cluster: [], index: ['create_doc', 'read', 'delete'] }, names);
    if (missing !== undefined && missing.index.length > 0) {
      return fail(`not run, for it could not be written, found and removed: ${describePrivileges(missing, names)} is missing`, 'Run it as a user that has these privileges; the exporter itself needs no delete.');
    }
    const id = newRequestId(now());
    const timestamp = new Date(now()).toISOString();
    const record = { request_id: id, timestamp, ...(plan?.layout === 'data-stream' && { '@timestamp': timestamp }), provider: 'gateway-verify', method: 'GET', path: '/canary' };
    const written = await elastic.request({
      method: 'POST', path: '/_bulk', query: { refresh: 'true' },
      body: `${JSON.stringify({ create: { _index: index, _id: id } })}\n${JSON.stringify(record)}\n`,
    });
    if (!isGood(written)) return fail(refusal(written, `write the canary to ${index}`).message, refusal(written, '').fix);
    const item = at(written.body, 'items', 0, 'create');
    const misplaced = await displaced(context, item, index, id);
    if (misplaced !== undefined) return misplaced;
    if (numberAt(item, 'status') !== 201) return fail(`${index} refused the canary (${stringAt(item, 'error', 'reason') ?? 'no reason given'})`, 'The reason is the server\'s own; fix what it names.');
    const found = await elastic.request({ method: 'POST', path: `/${encodeURIComponent(config.index)}/_search`, body: { query: { term: { request_id: id } }, size: 1 } });
    const hit = stringAt(found.body, 'hits', 'hits', 0, '_id') === id;
    const where = stringAt(found.body, 'hits', 'hits', 0, '_index') ?? index;
    const removed = await elastic.request({ method: 'DELETE', path: `/${encodeURIComponent(where)}/_doc/${id}`, query: { refresh: 'true' } });
    if (!isGood(removed)) return fail(`the canary ${id} was written to ${where} and could not be deleted (${errorOf(removed).reason})`, `DELETE ${where}/_doc/${id}`);
    if (!hit) return fail(`the canary was written to ${index}, but a search in ${config.index} does not find it`, 'Look at the checks layout, alias and mapping: index and alias do not belong together.');
    return ok(`a record was written to ${where}, found by search in ${config.index}, and deleted`);
  },
};
