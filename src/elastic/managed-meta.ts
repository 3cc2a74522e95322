import { createHash } from 'node:crypto';
import { canonicalJson, numberAt, objectAt, stringAt, type JsonObject } from './json.js';

/** What an object that the gateway made carries as `_meta`. */
export interface ManagedMeta {
  readonly managed_by: string;
  /** Version of the templates that made it; see templates/elasticsearch. */
  readonly version: number;
  /** Hash of its normal form: tells whether somebody has edited it since. */
  readonly hash: string;
}

/**
 * How an object on the server stands to ours: `same` content; `outdated`: made by this or an older
 * gateway and not edited since; `edited` by somebody, or never ours; `newer`: made by a newer gateway.
 */
export type Standing = 'absent' | 'same' | 'outdated' | 'edited' | 'newer';

/** Hash of a normal form. */
export function contentHash(normal: JsonObject): string {
  return createHash('sha256').update(canonicalJson(normal)).digest('hex').slice(0, 16);
}

/** The object's `_meta`, or undefined where it is not one of ours. */
export function managedMeta(object: unknown, managedBy: string): ManagedMeta | undefined {
  const meta = objectAt(object, '_meta');
  const version = numberAt(meta, 'version');
  const hash = stringAt(meta, 'hash');
  if (stringAt(meta, 'managed_by') !== managedBy || version === undefined || hash === undefined) return undefined;
  return { managed_by: managedBy, version, hash };
}

/** Compares an object of the server with ours; `normal` makes the normal form of both. */
export function standing(found: unknown, wanted: JsonObject, normal: (object: unknown) => JsonObject): Standing {
  if (found === undefined) return 'absent';
  const wantedMeta = objectAt(wanted, '_meta');
  const meta = managedMeta(found, stringAt(wantedMeta, 'managed_by') ?? '');
  if (meta !== undefined && meta.version > (numberAt(wantedMeta, 'version') ?? 0)) return 'newer';
  const foundHash = contentHash(normal(found));
  if (foundHash === contentHash(normal(wanted))) return 'same';
  return meta?.hash === foundHash ? 'outdated' : 'edited';
}
