import { indexFor } from '../../domain/elastic-names.js';
import { newRequestId } from '../../domain/request-id.js';
import { isGood, refusal } from '../answers.js';
import type { Elastic } from '../client.js';
import { pipelinesOf } from '../cluster-state.js';
import { currentIndex, isWritable, utcDate } from '../init-steps.js';
import { at, listAt, numberAt, objectAt, stringAt } from '../json.js';
import { isSafeToWrite, mappingDrift } from '../mapping-drift.js';
import { templateLayout } from '../resolve-layout.js';
import { describePipelines } from './pipelines.js';
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
      // The server gives up first, so that its own words come back.
      query: { timeout: `${String(Math.max(1, Math.floor(context.timeoutMs / 2000)))}s` },
      body: `${JSON.stringify({ create: { _index: index, _id: id } })}\n${JSON.stringify({ request_id: id, timestamp: IMPOSSIBLE, ...(context.plan?.layout === 'data-stream' && { '@timestamp': new Date(context.now()).toISOString() }) })}\n`,
    });
    if (!isGood(answer)) {
      const failure = refusal(answer, `write to ${index}`);
      return fail(failure.message, failure.fix);
    }
    const item = at(answer.body, 'items', 0, 'create');
    if (!answer.isJson || numberAt(item, 'status') === undefined) {
      return fail(`a write to ${index} was answered with HTTP ${String(answer.status)}, but not by Elasticsearch's bulk API`, 'Look at proxies in between: they must pass POST /_bulk and its answer on.');
    }
    const made = existed || context.plan?.layout !== 'daily' ? '' : ' (today\'s index was made by it, empty)';
    return (await displaced(context, item, index, id)) ?? judge(context, index, id, item, made);
  },
};

async function judge(context: CheckContext, index: string, id: string, item: unknown, made: string): Promise<Finding> {
  const status = numberAt(item, 'status') ?? 0;
  const type = stringAt(item, 'error', 'type') ?? '';
  const reason = stringAt(item, 'error', 'reason') ?? 'no reason given';
  if (status === 400 && (type === 'document_parsing_exception' || type === 'mapper_parsing_exception') && aboutTimestamp(item)) {
    return ok(`${index} takes records: it refused an impossible timestamp as it must, and stored nothing${made}`);
  }
  const through = pipelineOf(context);
  if (status >= 200 && status < 300) {
    const removed = (await remove(context.elastic, index, id)) ? 'removed again' : 'left there';
    return through === undefined
      ? fail(`${index} stored a record with an impossible timestamp: its mapping is not the documented one (the record ${id} was ${removed})`, 'Look at the check mapping. `gateway es init` shows how the index differs, and the ways out.')
      : fail(`${index} stored a record whose timestamp no date field takes: ${through.what} changes it (the record ${id} was ${removed})`, through.fix);
  }
  const said = `${index} refused the record (${String(status)} ${type}: ${reason})`;
  return fail(through === undefined ? said : `${said}; it goes through ${through.what}`, remedy(status, type, reason) ?? through?.fix ?? UNKNOWN);
}

/** Other errors of a document, such as a routing that is demanded, would meet every record. */
function aboutTimestamp(item: unknown): boolean {
  let words = '';
  for (let error = at(item, 'error'); error !== undefined; error = at(error, 'caused_by')) words += ` ${stringAt(error, 'reason') ?? ''}`;
  return words.includes('[timestamp]') || words.includes(IMPOSSIBLE);
}

/**
 * What an ingest pipeline has made of a record: dropped, sent to another index, or stored under another id. Undefined where it is
 * where it was sent. What was stored elsewhere by a check is removed again.
 */
export async function displaced(context: CheckContext, item: unknown, index: string, id: string): Promise<Finding | undefined> {
  const { elastic } = context;
  const found = { index: stringAt(item, '_index') ?? index, id: stringAt(item, '_id') ?? id };
  const through = pipelineOf(context) ?? { what: 'an ingest pipeline or something in between', fix: 'Look for index.default_pipeline and index.final_pipeline (GET INDEX/_settings), and at proxies in between.' };
  if (stringAt(item, 'result') === 'noop') return fail(`a record for ${index} was dropped: ${through.what} keeps it out, and nothing was stored`, through.fix);
  const elsewhere = found.index !== index && !(await standsFor(elastic, index, found.index));
  if (!elsewhere && found.id === id) return undefined;
  const stored = (numberAt(item, 'status') ?? 0) < 300;
  const left = !stored ? 'nothing was stored' : `the record was ${(await remove(elastic, found.index, found.id)) ? 'removed again' : `left in ${found.index}`}`;
  const what = elsewhere ? `a record for ${index} goes to ${found.index}, where no search of ${context.config.index} finds it` : `a record for ${index} gets another _id (${found.id}), so records replace each other or are stored twice`;
  return fail(`${what}: ${through.what} does that; ${left}`, through.fix);
}

/** The pipelines that records go through, as far as settings say, and what can be done about them. */
function pipelineOf({ config, plan, state, now }: CheckContext): { readonly what: string; readonly fix: string } | undefined {
  const current = state === undefined || plan === undefined ? undefined : currentIndex(state.indices, config.index, plan.layout, now());
  const pipelines = current?.pipelines ?? pipelinesOf(at(plan?.template, 'template', 'settings'));
  if (pipelines.length === 0) return undefined;
  const settings = pipelines.map(({ setting }) => `"${setting}":null`).join(',');
  return {
    what: describePipelines(pipelines),
    fix: `Make an exception for these records in the pipeline, or take it away: ${current === undefined ? '' : `PUT ${current.name}/_settings {${settings}}, and `}\`gateway es init --force\` puts the template back.`,
  };
}

/** Whether the name is an alias or a data stream with that index behind it, as after a shrink. */
async function standsFor(elastic: Elastic, name: string, index: string): Promise<boolean> {
  const resolved = await elastic.request({ method: 'GET', path: `/_resolve/index/${encodeURIComponent(name)}` });
  return [...listAt(resolved.body, 'aliases').map((alias) => at(alias, 'indices')), ...listAt(resolved.body, 'data_streams').map((stream) => at(stream, 'backing_indices'))]
    .flat().includes(index);
}

async function remove(elastic: Elastic, index: string, id: string): Promise<boolean> {
  return isGood(await elastic.request({ method: 'DELETE', path: `/${encodeURIComponent(index)}/_doc/${encodeURIComponent(id)}` }));
}

const UNKNOWN = 'The reason is the server\'s own; fix what it names, and look at ingest pipelines of the index (GET INDEX/_settings).';

function remedy(status: number, type: string, reason: string): string | undefined {
  if (type === 'security_exception') return 'Grant the index privileges create_doc and auto_configure.';
  if (type === 'cluster_block_exception' && reason.includes('read-only-allow-delete')) return 'A disk is full: free space, then the server lifts the block by itself.';
  if (type === 'cluster_block_exception') return 'Remove the block that the message names (PUT INDEX/_settings or _cluster/settings).';
  if (type === 'index_closed_exception') return 'Open the index: POST INDEX/_open.';
  if (type === 'index_not_found_exception') return 'Allow the index to be made: action.auto_create_index, or run `gateway es init` every day.';
  if (type === 'routing_missing_exception') return 'The mapping demands a routing (_routing.required), which records do not have: `gateway es init --force` puts the template back.';
  if (/maximum (normal |frozen )?shards open|max_shards_per_node/.test(reason)) return 'The cluster has no room for more shards: delete old indices or add a node.';
  if (status === 429) return 'The cluster is overloaded: wait, or give it more resources.';
  if (status === 503 || type === 'unavailable_shards_exception') return 'The primary shard is not there: look at the check health; GET _cluster/allocation/explain says why.';
  return undefined;
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
