import type { ElasticsearchConfig } from '../config/config.js';
import { indexFor, type Layout } from '../domain/elastic-names.js';
import { Failure } from '../domain/failure.js';
import { isGood, refusal } from './answers.js';
import { ElasticUnreachable, type Elastic, type ElasticAnswer, type ElasticRequest } from './client.js';
import { getIndices, readIndices } from './cluster-state.js';
import { applyPlan } from './init-apply.js';
import { planInit } from './init-plan.js';
import type { InitPlan } from './init-step.js';
import { currentIndex, utcDate, waysOut } from './init-steps.js';
import { objectAt } from './json.js';
import { managedObjects, type ManagedObjects } from './managed-objects.js';
import { describeDrift, isSafeToWrite, mappingDrift } from './mapping-drift.js';
import { missingPrivileges, privilegeNames } from './privileges.js';
import { templateLayout } from './resolve-layout.js';
import { requireElasticsearch } from './server-info.js';

/** Whether records may be sent; if not, why, and what fixes it. */
export type Readiness =
  | { readonly ready: true; readonly clusterUuid: string; readonly layout: Layout }
  | { readonly ready: false; readonly reason: string; readonly fix: string };

type ConnectionConfig = Pick<ElasticsearchConfig, 'index' | 'layout' | 'urls' | 'cloudId'>;

/**
 * What `gateway serve` asks before it exports, and again after a reconnect: creates template and
 * policy where they are absent, and answers ready only where an index that a record makes, and one
 * that exists already for today, is mapped as documented. Objects that exist are never changed here.
 *
 * @throws ElasticUnreachable where the cluster does not answer, or is not able to: that says nothing about its objects
 */
export async function ensureObjects(elastic: Elastic, config: ConnectionConfig, now: number = Date.now()): Promise<Readiness> {
  return guarded(async () => {
    const server = await requireElasticsearch(elastic);
    if (server.clusterUuid === undefined) {
      return notReady('the cluster does not say its id: it has not formed yet, or the credentials lack the cluster privilege monitor', 'Grant the cluster privilege monitor, or wait until the cluster has elected a master.');
    }
    // Without this privilege the server hides what is there instead of refusing.
    const hidden = await missingPrivileges(elastic, { cluster: [], index: ['view_index_metadata'] }, privilegeNames(config.index));
    if (hidden !== undefined && hidden.index.length > 0) {
      return notReady(`the credentials may not read the mapping of ${privilegeNames(config.index).join(' and ')}, so it cannot be told whether records would be mapped as documented`,
        `Grant the index privilege view_index_metadata on ${privilegeNames(config.index).join(' and ')}.`);
    }
    const plan = await planInit(elastic, config, { now });
    const layoutProblem = plan.steps.find((step) => step.id === 'layout' && step.action === 'conflict');
    if (layoutProblem !== undefined) return notReady(layoutProblem.detail, 'Choose one of the ways out that the message names.');
    const refused = await createAbsent(elastic, plan);
    if (refused !== undefined) return notReady(`policy or template is not there and could not be made: ${refused.message}`, administratorMust(config, plan.layout));
    return templateProblem(config, plan) ?? (await indexProblem(elastic, config, plan.layout, now)) ??
      { ready: true, clusterUuid: server.clusterUuid, layout: plan.layout };
  });
}

/**
 * What the exporter asks before its first write to an index name that it has not seen: that index,
 * where it exists, is mapped as documented and stands behind the alias. Undefined means yes.
 */
export async function indexProblem(elastic: Elastic, config: ConnectionConfig, layout: Layout, now: number): Promise<Extract<Readiness, { ready: false }> | undefined> {
  const objects = managedObjects(config.index, layout);
  const index = currentIndex(await readIndices(elastic, config.index), config.index, layout, now);
  if (index === undefined) {
    const wanted = indexFor(config.index, layout, utcDate(now));
    if (!(await getIndices(elastic, config.index)).blocked.includes(wanted)) return undefined;
    return notReady(`the metadata of the index ${wanted} are blocked (index.blocks.metadata), so it cannot be told whether records would be mapped as documented`,
      `Lift the block: PUT ${wanted}/_settings {"index.blocks.metadata": null}`);
  }
  const drift = mappingDrift(index.mapping, objects.mapping);
  if (drift.wrong.length > 0) {
    return notReady(`the index ${index.name} exists with another mapping, and types of an existing index cannot be changed (${describeDrift(drift)})`,
      `${waysOut(config.index, layout)}. \`gateway es verify\` shows the whole difference.`);
  }
  if (!isSafeToWrite(drift) && !(await putFields(elastic, index.name, objects, drift.missing))) {
    return notReady(`the index ${index.name} would map new fields by itself (${describeDrift(drift)})`, administratorMust(config, layout));
  }
  if (layout === 'daily' && !index.aliases.includes(config.index)) {
    const answer = await ask(elastic, { method: 'POST', path: '/_aliases', body: { actions: [{ add: { index: index.name, alias: config.index } }] } });
    if (!isGood(answer)) return notReady(`the index ${index.name} is not behind the alias ${config.index}, so no search would find its records`, administratorMust(config, layout));
  }
  return undefined;
}

async function putFields(elastic: Elastic, index: string, objects: ManagedObjects, missing: readonly string[]): Promise<boolean> {
  const fields = objectAt(objects.mapping, 'properties');
  const body = { dynamic: false, properties: Object.fromEntries(missing.map((field) => [field, fields[field]])) };
  return isGood(await ask(elastic, { method: 'PUT', path: `/${encodeURIComponent(index)}/_mapping`, body }));
}

/** A cluster that is too busy, or without a master, says nothing about the objects. @throws Failure `es_unavailable` */
async function ask(elastic: Elastic, request: ElasticRequest): Promise<ElasticAnswer> {
  const answer = await elastic.request(request);
  if (answer.status === 429 || answer.status >= 500) throw refusal(answer, `${request.method} ${request.path}`);
  return answer;
}

/** Makes what is absent, policy and template only; the index comes with the first record. */
async function createAbsent(elastic: Elastic, plan: InitPlan): Promise<Failure | undefined> {
  const absent = plan.steps.filter((step) => (step.id === 'policy' || step.id === 'template') && step.action === 'create');
  if (absent.length === 0) return undefined;
  try {
    await applyPlan(elastic, { ...plan, steps: absent });
    return undefined;
  } catch (error) {
    if (error instanceof Failure && error.code !== 'es_unavailable') return error;
    throw error;
  }
}

/** A template that differs from ours may still do: what counts is the mapping and the kind of index that it makes. */
function templateProblem(config: ConnectionConfig, plan: InitPlan): Readiness | undefined {
  const step = plan.steps.find((other) => other.id === 'template');
  if (step === undefined || step.action === 'create') return undefined; // has just been made
  const { mapping } = plan.objects;
  const usable = !plan.shadowed && plan.template !== undefined && templateLayout(plan.template, config.index) === plan.layout &&
    isSafeToWrite(mappingDrift(objectAt(plan.template, 'template', 'mappings'), mapping));
  if (usable) return undefined;
  const fix = plan.shadowed ? 'Narrow the pattern of that template or lower its priority; then the export goes on.'
    : administratorMust(config, plan.layout, step.action === 'conflict' ? ' --force' : ' --yes');
  return notReady(`the index template is not the documented one: ${step.detail}`, fix);
}

async function guarded(work: () => Promise<Readiness>): Promise<Readiness> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'es_unavailable') throw new ElasticUnreachable(error.message, 'connection', false, error);
    return notReady(error.message, error.fix);
  }
}

function notReady(reason: string, fix: string): Extract<Readiness, { ready: false }> {
  return { ready: false, reason, fix };
}

/** The flags are those with which the command does it without a question. */
function administratorMust(config: ConnectionConfig, layout: Layout, flags = ''): string {
  const where = config.cloudId === undefined ? `ELASTICSEARCH_URL=${config.urls.join(',')}` : `ELASTICSEARCH_CLOUD_ID=${config.cloudId}`;
  const command = `${where} ELASTICSEARCH_INDEX=${config.index} ELASTICSEARCH_LAYOUT=${layout} gateway es init${flags}`;
  return `An administrator (cluster privileges manage_ilm and manage_index_templates, index privilege manage on ${privilegeNames(config.index).join(' and ')}) must run: ${command}`;
}
