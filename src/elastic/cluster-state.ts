import { objectNames } from '../domain/elastic-names.js';
import { blockedIndices, errorOf, isGood, isMissingApi, refusal, type Answer } from './answers.js';
import type { Elastic } from './client.js';
import { at, listAt, numberAt, objectAt, stringAt, type JsonObject } from './json.js';
import type { TemplateRank } from './template-precedence.js';

/** What bears the name ELASTICSEARCH_INDEX in the cluster. */
export type NameHolder =
  | { readonly kind: 'none' | 'index' | 'data-stream' }
  | { readonly kind: 'alias'; readonly indices: readonly string[] };

/** An index that records are, or were, written to. */
export interface LiveIndex {
  readonly name: string;
  readonly mapping: unknown;
  readonly aliases: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number | undefined;
  /** Blocks that are set, such as `read_only_allow_delete`. */
  readonly blocks: readonly string[];
  readonly closed: boolean;
  /** Name of the lifecycle policy, if any. */
  readonly policy: string | undefined;
  /** Ingest pipelines that change or drop what is written, with the settings that name them. */
  readonly pipelines: readonly Pipeline[];
  /** The alias NAME shows only a part of the index: it has a filter or a routing. */
  readonly limited: boolean;
}

/** An ingest pipeline as a setting of an index or a template names it. */
export interface Pipeline {
  readonly setting: 'index.default_pipeline' | 'index.final_pipeline';
  readonly name: string;
}

/** What is there already, as far as the gateway's objects are concerned. */
export interface ClusterState {
  /** False where the server has no lifecycle API. */
  readonly lifecycle: boolean;
  /** The value of `policy`; undefined where absent, and where it may not be read (see `unreadable`). */
  readonly policy: unknown;
  readonly template: unknown;
  readonly ranks: readonly TemplateRank[];
  readonly holder: NameHolder;
  /** NAME itself, the daily indices, or the backing indices; newest last. */
  readonly indices: readonly LiveIndex[];
  /** Other names that the pattern NAME* meets. */
  readonly strangers: readonly string[];
  /** Indices of somebody's rollover whose write alias is NAME. */
  readonly rollover?: readonly string[];
  /** Parts that the credentials may not read. */
  readonly unreadable: readonly 'policy'[];
}

/** A closed index holds its name as much as an open one. */
const EVERY_STATE = 'open,closed,hidden';

/** What of every template is read: who wins, and whose rollover it is. */
const TEMPLATE_PARTS = ['name', 'index_template.index_patterns', 'index_template.priority', 'index_template.template.settings.index.lifecycle.rollover_alias'];

/** Reads what is there. Throws a Failure where an answer is neither there nor not there. */
export async function readClusterState(elastic: Elastic, name: string): Promise<ClusterState> {
  const names = objectNames(name);
  const policy = await elastic.request({ method: 'GET', path: `/_ilm/policy/${encodeURIComponent(names.policy)}` });
  const noLifecycle = isMissingApi(policy);
  const policyForbidden = policy.status === 403;
  if (!noLifecycle && !policyForbidden) mustBeGoodOrAbsent(policy, `read the lifecycle policy ${names.policy}`);
  const templates = await elastic.request({
    method: 'GET',
    path: '/_index_template',
    query: { filter_path: TEMPLATE_PARTS.map((path) => `index_templates.${path}`).join(',') },
  });
  mustBeGoodOrAbsent(templates, 'list the index templates');
  const template = await elastic.request({ method: 'GET', path: `/_index_template/${encodeURIComponent(names.template)}` });
  mustBeGoodOrAbsent(template, `read the index template ${names.template}`);
  const resolved = await elastic.request({ method: 'GET', path: `/_resolve/index/${encodeURIComponent(names.pattern)}`, query: { expand_wildcards: EVERY_STATE } });
  mustBeGoodOrAbsent(resolved, `look up the names ${names.pattern}`);
  const found = await findIndices(elastic, name);
  return {
    lifecycle: !noLifecycle,
    policy: isGood(policy) ? at(policy.body, names.policy, 'policy') : undefined,
    template: isGood(template) ? at(template.body, 'index_templates', 0, 'index_template') : undefined,
    ranks: listAt(templates.body, 'index_templates').map(rank),
    holder: holderOf(resolved.body, name),
    indices: liveIndices(found, name),
    rollover: rolloverOf(found, templates.body, name),
    strangers: strangersOf(resolved.body, name),
    unreadable: policyForbidden ? ['policy'] : [],
  };
}

/**
 * Asks for the indices of that name. An index whose metadata are blocked would make the server refuse them all: it is
 * left out, and named in `blocked`.
 */
export async function getIndices(elastic: Elastic, name: string): Promise<{ readonly answer: Answer; readonly blocked: readonly string[] }> {
  const get = (...names: readonly string[]): Promise<Answer> => elastic.request({
    method: 'GET', path: `/${names.map(encodeURIComponent).join(',')}`,
    query: { ignore_unavailable: 'true', allow_no_indices: 'true', expand_wildcards: EVERY_STATE },
  });
  const all = await get(name, `${name}-*`);
  const blocked = new Set(blockedIndices(all));
  if (blocked.size === 0) return { answer: all, blocked: [] };
  // What a name or an alias stands for cannot be left out, so NAME is asked for alone.
  const self = await get(name);
  for (;;) {
    const answer = await get(`${name}-*`, ...[...blocked].map((index) => `-${index}`));
    const more = blockedIndices(answer).filter((index) => !blocked.has(index));
    if (more.length === 0) return { answer: { ...answer, body: { ...objectAt(isGood(self) ? self.body : undefined), ...objectAt(answer.body) } }, blocked: [...blocked] };
    for (const index of more) blocked.add(index);
  }
}

/** The gateway's indices with mapping, aliases and what else administration asks; none is not an error. */
export async function readIndices(elastic: Elastic, name: string): Promise<LiveIndex[]> {
  return liveIndices(await findIndices(elastic, name), name);
}

/** NAME, what is behind it, and all that begins with `NAME-`, as the server describes it. */
async function findIndices(elastic: Elastic, name: string): Promise<JsonObject> {
  const { answer } = await getIndices(elastic, name);
  mustBeGoodOrAbsent(answer, `read the mapping of ${name} and ${name}-*`);
  return objectAt(isGood(answer) ? answer.body : undefined);
}

function liveIndices(found: JsonObject, name: string): LiveIndex[] {
  return Object.entries(found)
    .filter(([index]) => isOurs(index, name))
    .map(([index, value]) => liveIndex(index, value, name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Indices that roll over under the alias NAME, or would, as a template says. */
function rolloverOf(found: JsonObject, templates: unknown, name: string): string[] {
  const rolling = Object.entries(found)
    .filter(([index, value]) => !isOurs(index, name) &&
      (stringAt(value, 'settings', 'index', 'lifecycle', 'rollover_alias') === name || at(value, 'aliases', name, 'is_write_index') === true))
    .map(([index]) => index);
  const announced = listAt(templates, 'index_templates')
    .filter((template) => stringAt(template, 'index_template', 'template', 'settings', 'index', 'lifecycle', 'rollover_alias') === name)
    .map((template) => `the template ${stringAt(template, 'name') ?? ''}`);
  return [...rolling, ...announced];
}

/** The ingest pipelines that these settings (the value of `settings`) name. */
export function pipelinesOf(settings: unknown): Pipeline[] {
  return (['default_pipeline', 'final_pipeline'] as const).flatMap((key) => {
    const name = stringAt(settings, 'index', key) ?? stringAt(settings, `index.${key}`);
    return name === undefined || name === '_none' ? [] : [{ setting: `index.${key}` as const, name }];
  });
}

function liveIndex(name: string, value: unknown, alias: string): LiveIndex {
  const settings = objectAt(value, 'settings', 'index');
  const created = Number(stringAt(settings, 'creation_date') ?? numberAt(settings, 'creation_date'));
  return {
    name,
    mapping: at(value, 'mappings'),
    aliases: Object.keys(objectAt(value, 'aliases')),
    createdAt: Number.isFinite(created) ? created : undefined,
    blocks: Object.entries(objectAt(settings, 'blocks')).filter(([, set]) => String(set) === 'true').map(([block]) => block),
    closed: String(settings['verified_before_close']) === 'true', // kept while the index is closed, and only then
    policy: stringAt(settings, 'lifecycle', 'name'),
    pipelines: pipelinesOf(at(value, 'settings')),
    limited: ['filter', 'search_routing'].some((part) => at(value, 'aliases', alias, part) !== undefined),
  };
}

/**
 * Indices behind the alias NAME that were not looked at: those of others, and daily ones of ours
 * whose metadata are blocked.
 */
export function besideOurs({ holder, indices }: Pick<ClusterState, 'holder' | 'indices'>, name: string): { foreign: string[]; hidden: string[] } {
  const unseen = holder.kind === 'alias' ? holder.indices.filter((index) => !indices.some((live) => live.name === index)) : [];
  return { foreign: unseen.filter((index) => !isOurs(index, name)), hidden: unseen.filter((index) => isOurs(index, name)) };
}

/** NAME itself, NAME-YYYY-MM-DD, or a backing index of the data stream NAME. */
export function isOurs(index: string, name: string): boolean {
  if (index === name) return true;
  if (index.startsWith(`${name}-`)) return /^\d{4}-\d{2}-\d{2}$/.test(index.slice(name.length + 1));
  return index.startsWith(`.ds-${name}-`) && /^[\d.]+-\d{6,}$/.test(index.slice(name.length + 5));
}

function rank(template: unknown): TemplateRank {
  const patterns = at(template, 'index_template', 'index_patterns');
  return {
    name: stringAt(template, 'name') ?? '',
    patterns: Array.isArray(patterns) ? patterns.map(String) : [String(patterns)],
    priority: numberAt(template, 'index_template', 'priority') ?? 0,
  };
}

function holderOf(resolved: unknown, name: string): NameHolder {
  const named = (list: string): unknown => listAt(resolved, list).find((item) => stringAt(item, 'name') === name);
  if (named('data_streams') !== undefined) return { kind: 'data-stream' };
  if (named('indices') !== undefined) return { kind: 'index' };
  const alias = named('aliases');
  if (alias === undefined) return { kind: 'none' };
  const indices = at(alias, 'indices');
  return { kind: 'alias', indices: (Array.isArray(indices) ? indices : [indices]).map(String) };
}

function strangersOf(resolved: unknown, name: string): string[] {
  return ['indices', 'data_streams']
    .flatMap((list) => listAt(resolved, list))
    .flatMap((item) => stringAt(item, 'name') ?? [])
    .filter((found) => !isOurs(found, name));
}

function mustBeGoodOrAbsent(answer: Answer, doing: string): void {
  if (isGood(answer) && answer.isJson) return;
  if (answer.status === 404 && answer.isJson && errorOf(answer).type.includes('not_found')) return;
  throw refusal(answer, doing);
}
