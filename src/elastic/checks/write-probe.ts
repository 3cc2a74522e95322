import { indexFor } from '../../domain/elastic-names.js';
import { newRequestId } from '../../domain/request-id.js';
import { isGood, refusal } from '../answers.js';
import { currentIndex, isWritable, utcDate } from '../init-steps.js';
import { at, numberAt, objectAt, stringAt } from '../json.js';
import { isSafeToWrite, mappingDrift } from '../mapping-drift.js';
import { templateLayout } from '../resolve-layout.js';
import { type Check, type CheckContext, fail, type Finding, ok, skip } from './check.js';

/** A `timestamp` that no date field takes: the server goes all the way to the index and refuses the document there. */
const IMPOSSIBLE = 'gateway es verify: not a date';

/**
 * Writes without storing: network, credentials, privilege, index and blocks are proven by the very
 * refusal that a documented mapping must give.
 */
export const writeProbe: Check = {
  id: 'write',
  title: 'Write probe',
  needs: ['layout', 'template', 'mapping'],
  writes: true,
  async run(context) {
    const index = target(context);
    if (!isSafe(context)) return skip(`not run: it would make ${index} with a wrong mapping`, 'Run `gateway es init`.');
    const existed = context.state?.indices.some((each) => each.name === index) ?? false;
    const id = newRequestId(context.now());
    const answer = await context.elastic.request({
      method: 'POST',
      path: '/_bulk',
      query: { timeout: '10s' },
      body: `${JSON.stringify({ create: { _index: index, _id: id } })}\n${JSON.stringify({ request_id: id, timestamp: IMPOSSIBLE, ...(context.plan?.layout === 'data-stream' && { '@timestamp': new Date(context.now()).toISOString() }) })}\n`,
    });
    if (!isGood(answer)) {
      const failure = refusal(answer, `write to ${index}`);
      return fail(failure.message, failure.fix);
    }
    const item = at(answer.body, 'items', 0, 'create');
    const made = existed || context.plan?.layout !== 'daily' ? '' : ' (today\'s index was made by it, empty)';
    return judge(context, index, id, item, made);
  },
};

async function judge({ elastic }: CheckContext, index: string, id: string, item: unknown, made: string): Promise<Finding> {
  const status = numberAt(item, 'status') ?? 0;
  const type = stringAt(item, 'error', 'type') ?? '';
  const reason = stringAt(item, 'error', 'reason') ?? 'no reason given';
  if (status === 400 && (type === 'document_parsing_exception' || type === 'mapper_parsing_exception')) {
    return ok(`${index} takes records: it refused an impossible timestamp as it must, and stored nothing${made}`);
  }
  if (status >= 200 && status < 300) {
    const removed = isGood(await elastic.request({ method: 'DELETE', path: `/${encodeURIComponent(index)}/_doc/${id}` }));
    return fail(`${index} stored a record with an impossible timestamp: its mapping is not the documented one (the record ${id} was ${removed ? 'removed again' : 'left there'})`, 'Choose another ELASTICSEARCH_INDEX, or copy the records of this index elsewhere, delete it yourself and run `gateway es init`.');
  }
  const said = `${index} refused the record (${String(status)} ${type}: ${reason})`;
  return fail(said, mend(status, type, reason));
}

function mend(status: number, type: string, reason: string): string {
  if (type === 'security_exception') return 'Grant the index privileges create_doc and auto_configure.';
  if (type === 'cluster_block_exception' && reason.includes('read-only-allow-delete')) return 'A disk is full: free space, then the server lifts the block by itself.';
  if (type === 'cluster_block_exception') return 'Remove the block that the message names (PUT INDEX/_settings or _cluster/settings).';
  if (type === 'index_closed_exception') return 'Open the index: POST INDEX/_open.';
  if (type === 'index_not_found_exception') return 'Allow the index to be made: action.auto_create_index, or run `gateway es init` every day.';
  if (/maximum (normal |frozen )?shards open|max_shards_per_node/.test(reason)) return 'The cluster has no room for more shards: delete old indices or add a node.';
  if (status === 429) return 'The cluster is overloaded: wait, or give it more resources.';
  if (status >= 500) return 'The index is not ready: look at the cluster health.';
  return 'The reason is the server\'s own; mend what it names.';
}

/** Whether the index exists with a documented mapping, or would be made with one. */
export function isSafe({ config, plan, state, now }: CheckContext): boolean {
  if (plan === undefined || state === undefined) return false;
  const { objects } = plan;
  const current = currentIndex(state.indices, config.index, plan.layout, now());
  if (current !== undefined) return isWritable(current, objects);
  return !plan.shadowed && plan.template !== undefined && templateLayout(plan.template, config.index) === plan.layout &&
    isSafeToWrite(mappingDrift(objectAt(plan.template, 'template', 'mappings'), objects.mapping));
}

/** Where a record of this moment goes. */
export function target({ config, plan, now }: CheckContext): string {
  return indexFor(config.index, plan?.layout ?? 'daily', utcDate(now()));
}
