import { readFileSync } from 'node:fs';
import { objectNames, type Layout } from '../domain/elastic-names.js';
import { applyToSettings, splitOptions, type ObjectOptions } from './init-options.js';
import { isObject, numberAt, objectAt, stringAt, type JsonObject } from './json.js';
import { contentHash } from './managed-meta.js';
import { normalPolicy, normalTemplate } from './normalise.js';

/** The Elasticsearch objects as the documentation promises them, ready to be sent. */
export interface ManagedObjects {
  readonly names: { readonly policy: string; readonly template: string; readonly pattern: string; readonly alias: string };
  /** The value of `policy` in `PUT _ilm/policy/NAME-policy`, `_meta` included. */
  readonly policy: JsonObject;
  /** The body of `PUT _index_template/NAME-template`. */
  readonly template: JsonObject;
  /** The value of `mappings` of every index. */
  readonly mapping: JsonObject;
}

/** What a server lacks. */
export interface ServerTraits {
  readonly lifecycle?: boolean;
  readonly serverless?: boolean;
}

/** Settings that Elastic's serverless decides on its own, and refuses. */
const SHARD_SETTINGS = ['index.number_of_shards', 'index.number_of_replicas', 'index.auto_expand_replicas', 'index.codec'];

/**
 * Fills templates/elasticsearch/*.json for one name and layout. Without a lifecycle API (`lifecycle:
 * false`) the template names no policy, and on a serverless project no shards, replicas or codec: such a server refuses the settings.
 */
export function managedObjects(name: string, layout: Layout, { lifecycle = true, serverless = false, options = {} }: ServerTraits & { readonly options?: ObjectOptions } = {}): ManagedObjects {
  const chosen = splitOptions(options);
  const mapping = readTemplate('mapping');
  if (layout === 'data-stream') mapping['properties'] = { '@timestamp': { type: 'date' }, ...objectAt(mapping, 'properties') };
  const policy = objectAt(readTemplate(layout === 'data-stream' ? 'policy-data-stream' : 'policy'), 'policy');
  const template = fill(readTemplate('template'), name) as JsonObject;
  const { aliases, settings } = objectAt(template, 'template');
  if (chosen.policy.retention !== undefined) objectAt(policy, 'phases', 'delete')['min_age'] = chosen.policy.retention;
  const inner: JsonObject = { settings: applyToSettings(objectAt(settings), chosen.template), mappings: mapping };
  const refused = [...(lifecycle ? [] : ['index.lifecycle.name']), ...(serverless ? SHARD_SETTINGS : [])];
  inner['settings'] = Object.fromEntries(Object.entries(objectAt(inner, 'settings')).filter(([setting]) => !refused.includes(setting)));
  if (layout === 'daily') inner['aliases'] = aliases;
  if (layout === 'data-stream') template['data_stream'] = {};
  template['template'] = inner;
  // NAME* and NAME-staging* overlap: the longer name must win, and equal priorities are refused by the server.
  template['priority'] = (numberAt(template, 'priority') ?? 0) + name.length;
  return {
    names: objectNames(name),
    policy: withMeta(policy, chosen.policy, normalPolicy),
    template: withMeta(template, chosen.template, normalTemplate),
    mapping,
  };
}

/** Age at which the policy deletes an index, as it is written there. */
export function retentionOf({ policy }: Pick<ManagedObjects, 'policy'>): string {
  return stringAt(policy, 'phases', 'delete', 'min_age') ?? 'never';
}

function withMeta(object: JsonObject, options: ObjectOptions, normal: (object: unknown) => JsonObject): JsonObject {
  const kept = Object.keys(options).length === 0 ? {} : { options };
  return { ...object, _meta: { ...objectAt(object, '_meta'), hash: contentHash(normal(object)), ...kept } };
}

function fill(value: unknown, name: string): unknown {
  if (typeof value === 'string') return value.replaceAll('{name}', name);
  if (Array.isArray(value)) return value.map((item) => fill(item, name));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.replaceAll('{name}', name), fill(item, name)]));
  return value;
}

/** Read at run time, two folders up from here: the same place from src and from dist. */
function readTemplate(file: 'policy' | 'policy-data-stream' | 'template' | 'mapping'): JsonObject {
  return JSON.parse(readFileSync(new URL(`../../templates/elasticsearch/${file}.json`, import.meta.url), 'utf8')) as JsonObject;
}
