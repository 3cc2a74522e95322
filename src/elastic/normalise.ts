import { isObject, type JsonObject, objectAt } from './json.js';

/*
 * Elasticsearch gives back what it understood, not what it was sent: settings as strings under `index`,
 * booleans as strings, defaults filled in. Two objects are equal when their normal forms are.
 */

const TIME_UNITS_MS: Readonly<Record<string, number>> = {
  nanos: 1e-6, micros: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000,
};

/** The normal form of a lifecycle policy (the value of `policy`), without `_meta`. */
export function normalPolicy(policy: unknown): JsonObject {
  const phases: JsonObject = {};
  for (const [name, phase] of Object.entries(objectAt(policy, 'phases'))) {
    const actions: JsonObject = {};
    for (const [action, settings] of Object.entries(objectAt(phase, 'actions'))) {
      actions[action] = normalAction(action, isObject(settings) ? settings : {});
    }
    phases[name] = { min_age: normalTime(objectAt(phase)['min_age'] ?? '0ms'), actions };
  }
  return { phases };
}

function normalAction(action: string, settings: JsonObject): JsonObject {
  const normal: JsonObject = action === 'delete' ? { delete_searchable_snapshot: true } : {};
  for (const [key, value] of Object.entries(settings)) normal[key] = key.endsWith('_age') ? normalTime(value) : value;
  return normal;
}

/** `720h` and `30d` are one time: `N ms`; what is no time is left as it is. */
function normalTime(value: unknown): unknown {
  const ms = timeMs(value);
  return ms === undefined ? value : `${String(ms)}ms`;
}

/** Milliseconds of a time as the server writes it, such as `30d`; undefined where it is none. */
export function timeMs(value: unknown): number | undefined {
  const match = typeof value === 'string' ? /^(\d+)([a-z]+)$/.exec(value) : null;
  const unit = TIME_UNITS_MS[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** The normal form of a composable index template (the value of `index_template`), without `_meta`, version and dates. */
export function normalTemplate(template: unknown): JsonObject {
  const { _meta: _, version: __, template: inner, index_patterns: patterns, composed_of: parts, data_stream: stream, ...rest } = objectAt(template);
  const normal: JsonObject = {};
  for (const [key, value] of Object.entries(rest)) if (!/^(created|modified)_date/.test(key)) normal[key] = value;
  normal['index_patterns'] = (Array.isArray(patterns) ? patterns.map(String) : [String(patterns)]).sort();
  if (Array.isArray(parts) && parts.length > 0) normal['composed_of'] = parts;
  if (isObject(stream)) normal['data_stream'] = Object.fromEntries(Object.entries(stream).filter(([, value]) => value !== false));
  normal['settings'] = normalSettings(objectAt(inner, 'settings'));
  normal['mappings'] = normalMapping(objectAt(inner, 'mappings'));
  normal['aliases'] = objectAt(inner, 'aliases');
  for (const [key, value] of Object.entries(objectAt(inner))) if (!['settings', 'mappings', 'aliases'].includes(key)) normal[key] = value;
  return normal;
}

/** Settings as one flat table of strings, without the prefix `index.`. */
function normalSettings(settings: JsonObject, prefix = ''): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [key, value] of Object.entries(settings)) {
    const path = prefix + key;
    if (isObject(value)) Object.assign(flat, normalSettings(value, `${path}.`));
    else flat[path.replace(/^index\./, '')] = Array.isArray(value) ? JSON.stringify(value) : String(value);
  }
  return flat;
}

/** A mapping without `_meta`; `dynamic` as a string, `true` where none is named. 7.17 may wrap it in `_doc`. */
export function normalMapping(mapping: unknown): JsonObject {
  const { _meta: _, dynamic, properties, ...rest } = objectAt(objectAt(mapping)['_doc'] ?? mapping);
  return { ...rest, dynamic: typeof dynamic === 'string' ? dynamic : JSON.stringify(dynamic ?? true), properties: objectAt(properties) };
}
