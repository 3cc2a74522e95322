import type { Layout } from '../domain/elastic-names.js';
import type { NameHolder } from './cluster-state.js';
import { at, objectAt } from './json.js';

export type LayoutResolution =
  | { readonly layout: Layout; readonly reason: string; readonly warning?: string }
  | { readonly conflict: string };

/**
 * Decides where records go, before anything is put: an alias cannot stand beside an index of the same
 * name. `retention` is the policy's, for the warning. `requested` is absent when the user named no layout; `template` is our template, if any.
 */
export function resolveLayout(name: string, requested: Layout | undefined, holder: NameHolder, template: unknown, retention = '30d'): LayoutResolution {
  if (requested === undefined) return unasked(name, holder, template, retention);
  const problem = conflictWith(name, requested, holder);
  if (problem !== undefined) return { conflict: problem };
  return { layout: requested, reason: 'as ELASTICSEARCH_LAYOUT or --layout says', ...(requested === 'single' && { warning: lifecycleTrap(name, retention) }) };
}

function unasked(name: string, holder: NameHolder, template: unknown, retention: string): LayoutResolution {
  if (holder.kind === 'index') return { layout: 'single', reason: `an index named ${name} exists already`, warning: lifecycleTrap(name, retention) };
  if (holder.kind === 'data-stream') return { layout: 'data-stream', reason: `a data stream named ${name} exists already` };
  if (holder.kind === 'alias') return { layout: 'daily', reason: `${name} is an alias` };
  // Nothing has the name, perhaps because the lifecycle policy has just deleted its only index: keep to what was set up.
  const made = templateLayout(template, name);
  if (made === 'single') return { layout: 'single', reason: 'the index template was made for it', warning: lifecycleTrap(name, retention) };
  return { layout: made ?? 'daily', reason: made === undefined ? 'the default' : 'the index template was made for it' };
}

function conflictWith(name: string, requested: Layout, holder: NameHolder): string | undefined {
  const elsewhere = 'choose another ELASTICSEARCH_INDEX, or copy its records elsewhere, delete it yourself and run this again';
  if (holder.kind === 'index' && requested !== 'single') {
    const what = requested === 'daily' ? 'an alias' : 'a data stream';
    const move = requested === 'daily' ? ' move its records into daily indices with `gateway es init --migrate`;' : '';
    return `${name} is a concrete index, and ${what} cannot bear the name of an index. Nothing was changed. Ways out: keep the index with ELASTICSEARCH_LAYOUT=single;${move} ${elsewhere}.`;
  }
  if (holder.kind === 'data-stream' && requested !== 'data-stream') {
    return `${name} is a data stream. Nothing was changed. Ways out: keep it with ELASTICSEARCH_LAYOUT=data-stream; ${elsewhere}.`;
  }
  if (holder.kind === 'alias' && requested !== 'daily') {
    const behind = holder.indices.slice(0, 3).join(', ') + (holder.indices.length > 3 ? ', …' : '');
    return `${name} is an alias of ${behind}, so no index or data stream can bear that name. Nothing was changed. Ways out: keep the alias with ELASTICSEARCH_LAYOUT=daily; choose another ELASTICSEARCH_INDEX; or remove the alias yourself and run this again.`;
  }
  return undefined;
}

/** The layout that an index template makes, or undefined without a template. */
export function templateLayout(template: unknown, name: string): Layout | undefined {
  if (template === undefined) return undefined;
  if (at(template, 'data_stream') !== undefined) return 'data-stream';
  return name in objectAt(template, 'template', 'aliases') ? 'daily' : 'single';
}

/** The retention of an index that no lifecycle policy deletes. */
export const NEVER = 'never';

/** Why `single` is a trap together with the lifecycle policy, and without one. */
export function lifecycleTrap(name: string, retention: string): string {
  if (retention === NEVER) return `the index ${name} has no lifecycle policy: nothing ever deletes it or its records, and it grows without end; in the layout daily each day is deleted when it is old`;
  return `in the layout single the lifecycle policy deletes the whole index ${name} ${retention} after it was created, today's records with it; in the layout daily only the index of that one day goes`;
}
