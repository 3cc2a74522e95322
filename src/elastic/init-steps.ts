import { indexFor, type Layout } from '../domain/elastic-names.js';
import { besideOurs, type ClusterState, type LiveIndex } from './cluster-state.js';
import type { InitStep, StepAction } from './init-step.js';
import { at, objectAt, stringAt, type JsonObject } from './json.js';
import { describeDifferences, diffJson, type Difference } from './json-diff.js';
import { standing } from './managed-meta.js';
import { retentionOf, type ManagedObjects } from './managed-objects.js';
import { describeDrift, isBehind, isSafeToWrite, mappingDrift } from './mapping-drift.js';
import { normalPolicy, normalTemplate, timeMs } from './normalise.js';
import { winningTemplate, type TemplateRank } from './template-precedence.js';

export interface StepInput {
  readonly name: string;
  readonly layout: Layout;
  readonly state: ClusterState;
  readonly objects: ManagedObjects;
  readonly force: boolean;
  readonly now: number;
  /** Something was chosen by flags. */
  readonly chosen?: boolean;
}

/** `YYYY-MM-DD` of that moment in UTC. */
export function utcDate(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

export function policyStep({ state, objects, force, chosen = false }: StepInput): InitStep {
  const id = 'policy';
  const name = objects.names.policy;
  if (!state.lifecycle) return { id, action: 'unchanged', detail: 'not made: this server has no lifecycle API', requests: [] };
  if (state.unreadable.includes('policy')) {
    return { id, action: 'conflict', detail: `${name} may not be read: grant the cluster privilege read_ilm or manage_ilm`, requests: [] };
  }
  const verdict = compare(name, state.policy, objects.policy, normalPolicy, { force, chosen });
  if (verdict.action === 'conflict') {
    const age = stringAt(state.policy, 'phases', 'delete', 'min_age');
    const isAge = age !== undefined && verdict.differences?.every(({ path }) => path === 'phases.delete.min_age') === true;
    const keep = isAge ? `; --retention ${age} keeps its age` : '';
    return { id, ...verdict, detail: verdict.detail + keep, ...(verdict.summary !== undefined && { summary: verdict.summary + keep }), requests: [] };
  }
  if (verdict.action === 'unchanged') return { id, ...verdict, requests: [] };
  return {
    id, ...verdict, ...(isShortened(state.policy, objects) && { replaces: true }),
    requests: [{ method: 'PUT', path: `/_ilm/policy/${encodeURIComponent(name)}`, body: { policy: objects.policy } }],
    privileges: { cluster: ['manage_ilm'], index: [] },
  };
}

/** Whether records that the policy on the server would still keep are deleted under ours. */
export function isShortened(found: unknown, objects: ManagedObjects): boolean {
  const before = timeMs(at(found, 'phases', 'delete', 'min_age'));
  const after = timeMs(retentionOf(objects));
  return found !== undefined && after !== undefined && after < (before ?? Infinity);
}

export function templateStep(input: StepInput): { readonly step: InitStep; readonly shadowed: boolean; readonly warnings: readonly string[] } {
  const { name, state, objects, force, chosen = false } = input;
  const id = 'template';
  const ours: TemplateRank = { name: objects.names.template, patterns: [objects.names.pattern], priority: Number(objects.template['priority']) };
  const ranks = [...state.ranks.filter((rank) => rank.name !== ours.name), ours];
  const probe = indexFor(name, input.layout, utcDate(input.now));
  const winner = winningTemplate(ranks, probe);
  if (winner !== undefined && winner.name !== ours.name) {
    const detail = `the template ${winner.name} (pattern ${winner.patterns.join(', ')}, priority ${String(winner.priority)}) would be used for ${probe} instead of ${ours.name} (priority ${String(ours.priority)}): narrow its pattern or lower its priority`;
    return { step: { id, action: 'conflict', detail, requests: [] }, shadowed: true, warnings: [] };
  }
  const captured = state.strangers.filter((stranger) => winningTemplate(ranks, stranger)?.name === ours.name);
  const foreign = captured.filter((stranger) => !stranger.startsWith(`${name}-`));
  const verdict = compare(ours.name, state.template, objects.template, normalTemplate, { force, chosen, extend: isPartOf });
  const changes = verdict.action === 'create' || verdict.action === 'update';
  if (changes && foreign.length > 0 && !force) {
    const detail = `the pattern ${objects.names.pattern} also meets ${foreign.join(', ')}: new indices of such names would get the gateway's mapping and be deleted after ${retentionOf(objects)}. Choose another ELASTICSEARCH_INDEX, or use --force if they are yours to lose`;
    return { step: { id, action: 'conflict', detail, requests: [] }, shadowed: false, warnings: [] };
  }
  const warnings = captured.length === 0 ? [] : [`the pattern ${objects.names.pattern} also meets ${captured.join(', ')}: new indices of such names get the gateway's mapping and are deleted after ${retentionOf(objects)}`];
  if (!changes) return { step: { id, ...verdict, requests: [] }, shadowed: false, warnings };
  return {
    step: {
      id, ...verdict,
      requests: [{ method: 'PUT', path: `/_index_template/${encodeURIComponent(ours.name)}`, body: objects.template }],
      privileges: { cluster: ['manage_index_templates'], index: [] },
    },
    shadowed: false,
    warnings,
  };
}

interface Verdict {
  readonly action: StepAction;
  readonly detail: string;
  readonly summary?: string;
  readonly differences?: readonly Difference[];
  readonly replaces?: boolean;
}

interface CompareOptions {
  readonly force: boolean;
  /** Settings were chosen by flags, so that an object of other settings is no surprise. */
  readonly chosen?: boolean;
  /** Whether an object that was made by hand lacks something, but has nothing else: then ours may take its place. */
  readonly extend?: (found: unknown, differences: readonly Difference[]) => boolean;
}

/** What is to be done about an object that has our name; `normal` makes the normal form of both sides. */
export function compare(name: string, found: unknown, wanted: JsonObject, normal: (object: unknown) => JsonObject, { force, chosen = false, extend }: CompareOptions): Verdict {
  const stands = standing(found, wanted, normal);
  if (stands === 'absent') return { action: 'create', detail: name };
  if (stands === 'same') return { action: 'unchanged', detail: `${name} is as documented` };
  const differences = diffJson(normal(found), normal(wanted));
  const words = listed(describeDifferences(differences));
  const told = (what: string, more: Partial<Verdict> & { readonly action: StepAction }): Verdict => ({
    ...more, differences, detail: `${name} ${what} (${words})`,
    summary: `${name} ${what}: it differs in ${differences.length === 1 ? 'one place' : `${String(differences.length)} places`}, see below`,
  });
  if (stands === 'newer') return { action: 'unchanged', detail: `${name} was made by a newer gateway (version ${String(at(found, '_meta', 'version'))}) and is left as it is (${words || 'no difference'})` };
  if (stands === 'outdated') return told(chosen ? 'was made for other settings, and nobody has edited it since' : 'was made by an older gateway or for other settings, and nobody has edited it since', { action: 'update' });
  if (force) return told('was edited and is replaced, as --force says', { action: 'update', replaces: true });
  if (extend?.(found, differences) === true) return told('was made by hand, such as by an older guide; everything in it stays, and what is missing is added', { action: 'update', replaces: true });
  return told('was edited by somebody, or was never made by the gateway; --force replaces it', { action: 'conflict' });
}

/** Whether the template only lacks what ours has: every difference is something that is not there. */
function isPartOf(found: unknown, differences: readonly Difference[]): boolean {
  // Without a mapping, or with one that does not name it, `dynamic` is the server's default and nobody's wish.
  const isUnsaid = (path: string): boolean => path === 'mappings.dynamic' && at(found, 'template', 'mappings', 'dynamic') === undefined;
  return differences.every(({ path, found: there }) => there === undefined || isUnsaid(path));
}

const LISTED = 5;

function listed(words: readonly string[]): string {
  return words.length <= LISTED + 1 ? words.join('; ') : `${words.slice(0, LISTED).join('; ')}; and ${String(words.length - LISTED)} more`;
}

/** In the daily layout today's index, so that NAME answers with the documented mapping at once. */
export function indexStep({ name, layout, state, now }: StepInput): InitStep {
  const id = 'index';
  const needs = 'template';
  if (layout === 'data-stream') {
    if (state.holder.kind === 'data-stream') return { id, action: 'unchanged', detail: `the data stream ${name} exists`, requests: [], needs };
    return {
      id, action: 'create', detail: `the data stream ${name}`, needs,
      requests: [{ method: 'PUT', path: `/_data_stream/${encodeURIComponent(name)}` }],
      privileges: { cluster: [], index: ['create_index'] },
    };
  }
  const index = indexFor(name, layout, utcDate(now));
  if (state.indices.some((live) => live.name === index)) return { id, action: 'unchanged', detail: `${index} exists`, requests: [], needs };
  return {
    id, action: 'create', detail: index, needs,
    requests: [{ method: 'PUT', path: `/${encodeURIComponent(index)}` }],
    privileges: { cluster: [], index: ['create_index'] },
  };
}

/** Daily indices that were made without the template are outside the alias, and no documented search finds them. */
export function aliasStep({ name, state, force }: StepInput): InitStep {
  const id = 'alias';
  const limited = state.indices.filter((index) => index.limited).map((index) => index.name);
  if (limited.length > 0 && !force) {
    return { id, action: 'conflict', detail: `${name} shows only a part of ${limited.join(', ')}: somebody has given the alias a filter or a routing there, so searches and reports leave records out. --force takes it away`, requests: [] };
  }
  const outside = state.indices.filter((index) => index.name !== name && !index.closed && (!index.aliases.includes(name) || index.limited)).map((index) => index.name);
  if (outside.length === 0) {
    const { foreign } = besideOurs(state, name);
    const detail = foreign.length === 0
      ? `${name} stands for all daily indices; the template adds new ones`
      : `${name} stands for all daily indices, and also for ${foreign.join(', ')}, which searches therefore find`;
    return { id, action: 'unchanged', detail, requests: [], needs: 'template', comes: state.indices.length === 0 };
  }
  return {
    id, action: 'update', detail: `${outside.join(', ')} put behind ${name}`, ...(limited.length > 0 && { replaces: true }),
    requests: [{ method: 'POST', path: '/_aliases', body: { actions: outside.map((index) => ({ add: { index, alias: name } })) } }],
    privileges: { cluster: [], index: ['manage'] },
  };
}

/** Fields that a release has added are put to existing indices; a field of another type can only be told. */
export function mappingStep({ name, layout, state, objects, now }: StepInput): InitStep {
  const id = 'mapping';
  const current = currentIndex(state.indices, name, layout, now);
  const seen = state.indices.map((index) => ({ index, drift: mappingDrift(index.mapping, objects.mapping) }));
  const broken = seen.find(({ index, drift }) => index === current && drift.wrong.length > 0);
  if (broken !== undefined) {
    return {
      id, action: 'conflict', requests: [],
      detail: `${broken.index.name} exists with another mapping, and types of an existing index cannot be changed (${describeDrift(broken.drift)}). ${waysOut(name, layout)}`,
    };
  }
  const alone = seen.filter(({ drift }) => drift.wrong.length > 0 || (drift.lossy.length > 0 && !isBehind(drift)));
  const note = alone.length === 0 ? '' : `; left alone: ${alone.map(({ index, drift }) => `${index.name} (${describeDrift(drift, 2)})`).join(', ')}`;
  const behind = seen.filter(({ drift }) => isBehind(drift));
  if (behind.length === 0) {
    const detail = state.indices.length === 0 ? 'comes with the template' : `as documented on ${String(seen.length - alone.length)} of ${String(seen.length)} indices${note}`;
    return { id, action: 'unchanged', detail, requests: [], needs: 'template', comes: state.indices.length === 0 };
  }
  const fields = objectAt(objects.mapping, 'properties');
  return {
    id, action: 'update',
    detail: `${behind.map(({ index, drift }) => `${index.name} (${describeDrift(drift)})`).join(', ')}${note}`,
    requests: behind.map(({ index, drift }) => ({
      method: 'PUT',
      path: `/${encodeURIComponent(index.name)}/_mapping`,
      body: { dynamic: false, properties: Object.fromEntries(drift.missing.map((field) => [field, fields[field]])) },
    })),
    privileges: { cluster: [], index: ['manage'] },
  };
}

/** What can be done about an index whose mapping cannot be changed. */
export function waysOut(name: string, layout: Layout): string {
  const move = layout === 'single' ? 'move its records into daily indices with `gateway es init --migrate`; ' : '';
  return `Ways out: ${move}choose another ELASTICSEARCH_INDEX than ${name}; or copy its records elsewhere, delete it yourself and run this again`;
}

/** The index that new records go to, if it exists. */
export function currentIndex(indices: readonly LiveIndex[], name: string, layout: Layout, now: number): LiveIndex | undefined {
  if (layout === 'data-stream') return indices.filter((index) => index.name.startsWith('.ds-')).at(-1);
  return indices.find((index) => index.name === indexFor(name, layout, utcDate(now)));
}

/** Whether records can be written to the index without any field being mapped otherwise than documented. */
export function isWritable(index: LiveIndex, objects: ManagedObjects): boolean {
  return isSafeToWrite(mappingDrift(index.mapping, objects.mapping));
}
