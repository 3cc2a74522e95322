import { Failure } from '../domain/failure.js';
import { objectAt, stringAt, type JsonObject } from './json.js';

/**
 * What an administrator may choose about the objects of `gateway es init`. What is chosen is kept in the
 * objects' `_meta.options`, so that a later run without the flags, and `gateway serve`, leave it as it is.
 */
export interface ObjectOptions {
  /** Age at which an index (or a rolled-over backing index) is deleted, such as `30d`. */
  readonly retention?: string;
  readonly shards?: number;
  /** `auto`, as without it: none on one node, one on several. */
  readonly replicas?: number | 'auto';
  /** How soon a written record can be found, such as `5s`; `-1` never by itself. */
  readonly refreshInterval?: string;
  readonly codec?: 'default' | 'best_compression';
}

/** What the template's settings become; the rest is in templates/elasticsearch. */
export function applyToSettings(settings: JsonObject, options: ObjectOptions): JsonObject {
  const changed: JsonObject = { ...settings };
  if (options.shards !== undefined) changed['index.number_of_shards'] = options.shards;
  if (options.replicas !== undefined && options.replicas !== 'auto') {
    delete changed['index.auto_expand_replicas']; // it would override the number
    changed['index.number_of_replicas'] = options.replicas;
  }
  if (options.refreshInterval !== undefined) changed['index.refresh_interval'] = options.refreshInterval;
  if (options.codec !== undefined) changed['index.codec'] = options.codec;
  return changed;
}

/** The part of the options that the policy keeps, and the part that the template keeps. */
export function splitOptions(options: ObjectOptions): { readonly policy: ObjectOptions; readonly template: ObjectOptions } {
  const { retention, ...template } = options;
  return { policy: retention === undefined ? {} : { retention }, template };
}

/** The options that an object on the server was made with; none where it is not ours. */
export function recordedOptions(object: unknown): ObjectOptions {
  const found = objectAt(object, '_meta', 'options');
  const { shards, replicas } = found;
  const retention = stringAt(found, 'retention');
  const refreshInterval = stringAt(found, 'refreshInterval');
  const codec = stringAt(found, 'codec');
  return {
    ...(retention !== undefined && { retention }),
    ...(typeof shards === 'number' && { shards }),
    ...((typeof replicas === 'number' || replicas === 'auto') && { replicas }),
    ...(refreshInterval !== undefined && { refreshInterval }),
    ...((codec === 'default' || codec === 'best_compression') && { codec }),
  };
}

/**
 * Reads the options as they are written on the command line. Throws a Failure (exit 2) that names
 * the flag, the value and what it must be; asks no server.
 */
export function parseObjectOptions(flags: {
  readonly retention?: string | undefined;
  readonly shards?: string | undefined;
  readonly replicas?: string | undefined;
  readonly 'refresh-interval'?: string | undefined;
  readonly codec?: string | undefined;
}): ObjectOptions {
  const { retention, shards, replicas, codec } = flags;
  const refreshInterval = flags['refresh-interval'];
  return {
    ...(retention !== undefined && { retention: matching('--retention', retention, /^[1-9]\d{0,5}[dhm]$/, 'a time such as 30d (d, h or m)') }),
    ...(shards !== undefined && { shards: whole('--shards', shards, 1, 1024) }),
    ...(replicas !== undefined && { replicas: replicas === 'auto' ? replicas : whole('--replicas', replicas, 0, 100, ', or auto') }),
    ...(refreshInterval !== undefined && { refreshInterval: matching('--refresh-interval', refreshInterval, /^(-1|[1-9]\d{0,5}(ms|s|m))$/, 'a time such as 5s (ms, s or m), or -1 for never') }),
    ...(codec !== undefined && { codec: matching('--codec', codec, /^(default|best_compression)$/, 'default or best_compression') as 'default' | 'best_compression' }),
  };
}

/** Reads `--api-key-expires`. Throws a Failure (exit 2). */
export function parseExpiration(value: string | undefined): string | undefined {
  return value === undefined ? undefined : matching('--api-key-expires', value, /^[1-9]\d{0,5}[dhm]$/, 'a time such as 90d (d, h or m)');
}

function matching(flag: string, value: string, form: RegExp, wanted: string): string {
  if (form.test(value)) return value;
  throw wrong(flag, value, wanted);
}

function whole(flag: string, value: string, min: number, max: number, more = ''): number {
  const number = /^\d{1,4}$/.test(value) ? Number(value) : -1;
  if (number < min || number > max) throw wrong(flag, value, `a whole number from ${String(min)} to ${String(max)}${more}`);
  return number;
}

function wrong(flag: string, value: string, wanted: string): Failure {
  return new Failure({ code: 'bad_flag_value', message: `${flag} ${value}: must be ${wanted}`, fix: `Correct ${flag}, or leave it out for the default.` });
}
