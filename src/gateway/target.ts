/**
 * The request target as bytes: nothing is decoded, normalised or resolved, so that what the
 * provider sees is what the client wrote. Whatever could make two readers disagree about the path
 * is refused.
 */
export interface Target {
  /** Path as sent, without the query string. */
  readonly path: string;
  /** Query string with its `?`, or empty. */
  readonly query: string;
}

/** Splits a raw request target. */
export function splitTarget(raw: string): Target {
  const mark = raw.indexOf('?');
  return mark === -1 ? { path: raw, query: '' } : { path: raw.slice(0, mark), query: raw.slice(mark) };
}

// A quick look that nearly every path passes, so that the careful reading below is rare.
const PLAIN = /^(?:\/[\w@:~-][\w@:.~-]*)+\/?$/;
// eslint-disable-next-line no-control-regex -- that is what it looks for
const CONTROL_OR_FRAGMENT = /[\u0000-\u0020\u007f#]/;
// In the path also their encoded forms, and a backslash, which some servers take for a slash.
const HIDDEN_IN_PATH = /\\|%(?:[01][0-9a-f]|7f|5c)/i;
const SEPARATOR = /\/|%2f/i;
const DOT_SEGMENT = /^(?:\.|%2e){1,2}(?:;.*)?$/i;

/** What may be recorded of a target that is refused: what is not a plain path may hold a password (`http://user:…@host/`). */
export function recordablePath({ path }: Target): string {
  if (!path.startsWith('/') || path.startsWith('//')) return '';
  const fragment = path.indexOf('#');
  return fragment === -1 ? path : path.slice(0, fragment);
}

/** Why the gateway does not forward this target, or undefined when it does. */
export function targetFault(raw: string, target: Target): string | undefined {
  if (!raw.startsWith('/')) return 'the request target must be a path that begins with /';
  if (PLAIN.test(target.path) && target.query === '') return undefined;
  if (CONTROL_OR_FRAGMENT.test(raw)) return 'the request target has a control character, a space or a fragment';
  if (HIDDEN_IN_PATH.test(target.path)) return 'the path has an encoded control character or a backslash';
  if (target.path.includes('//')) return 'the path has an empty segment (//)';
  for (const segment of target.path.split(SEPARATOR)) {
    if (DOT_SEGMENT.test(segment)) return 'the path has a dot segment (. or ..)';
  }
  return undefined;
}

/** The raw value of the first parameter of that name, percent-decoded where it can be. */
export function parameter(query: string, name: string): string | undefined {
  if (!query.includes(`${name}=`)) return undefined;
  const part = query.slice(1).split('&').find((p) => p.startsWith(`${name}=`));
  if (part === undefined) return undefined;
  const raw = part.slice(name.length + 1);
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}
