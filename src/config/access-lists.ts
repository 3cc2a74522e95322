import type { GatewayKey } from './config.js';
import { list } from './parsers.js';
import { InvalidValue, MASK } from './variable.js';

/** The word that stands for "use the key that the gateway holds" (proxy.md, rule 5). */
const RESERVED_KEY = 'gateway';

/** A shorter one is a mistake; `serve` warns of those that can be guessed. */
const MIN_KEY_LENGTH = 3;
const MIN_TOKEN_LENGTH = 16;

/** GATEWAY_API_KEYS: `label:key,label:key`. Each label has one key: whose a record is must not be left open. */
export function gatewayKeys(value: string): GatewayKey[] {
  const keys = list(value).map((entry, index) => {
    const colon = entry.indexOf(':');
    const label = entry.slice(0, colon).trim();
    const key = entry.slice(colon + 1).trim();
    // Entries are named by their place: the text may be a key.
    if (colon < 1 || label === '' || key === '') throw new InvalidValue(`entry ${index + 1} must be label:key`);
    if (!/^[\w.@-]{1,64}$/.test(label)) {
      throw new InvalidValue(`the label of entry ${index + 1} must be 1 to 64 letters, digits, dots, hyphens, underscores or @`);
    }
    if (!/^[\x21-\x7e]+$/.test(key)) throw new InvalidValue(`the key of ${label} must be printable ASCII without spaces: it travels in a header`);
    if (key.length < MIN_KEY_LENGTH) throw new InvalidValue(`the key of ${label} must have at least ${MIN_KEY_LENGTH} characters`);
    if (key === RESERVED_KEY) throw new InvalidValue(`the key of ${label} must not be the word ${RESERVED_KEY}, which has a meaning of its own`);
    return { label, key };
  });
  const twice = keys.find(({ key }, index) => keys.findIndex((other) => other.key === key) !== index);
  if (twice !== undefined) throw new InvalidValue(`the key of ${twice.label} must not be given twice`);
  const again = keys.find(({ label }, index) => keys.findIndex((other) => other.label === label) !== index);
  if (again !== undefined) throw new InvalidValue(`the label ${again.label} must not be given twice`);
  return keys;
}

/** ADMIN_TOKEN: travels in a header, as gateway keys do. */
export function adminToken(value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value)) throw new InvalidValue('must be printable ASCII without spaces: it travels in a header');
  if (value.length < MIN_TOKEN_LENGTH) throw new InvalidValue(`must have at least ${MIN_TOKEN_LENGTH} characters`);
  return value;
}

/** The labels stay, the keys do not. */
export function maskGatewayKeys(value: string): string {
  return list(value).map((entry) => (entry.includes(':') ? `${entry.slice(0, entry.indexOf(':'))}:${MASK}` : MASK)).join(',');
}

/** ALLOWED_HOSTS: host names without scheme, or `*`. */
export function allowedHosts(value: string): string[] {
  return list(value).map((name) => {
    if (name !== '*' && !/^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.test(name)) {
      throw new InvalidValue('must be host names separated by commas, without scheme and path, or *');
    }
    return name;
  });
}

/** CORS_ORIGINS: `https://app.example.com`, several separated by commas, or `*`. */
export function corsOrigins(value: string): string[] {
  return list(value).map((origin) => {
    const bare = origin.replace(/\/$/, '');
    if (bare !== '*' && URL.parse(bare)?.origin.toLowerCase() !== bare.toLowerCase()) {
      throw new InvalidValue('must be origins separated by commas (scheme, host and port, no path), or *');
    }
    return bare;
  });
}
