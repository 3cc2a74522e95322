import { InvalidValue } from './variable.js';

/** ELASTICSEARCH_API_KEY in its base64 form; `id:key` is converted. */
export function encodedApiKey(value: string): string {
  const encoded = value.includes(':') ? Buffer.from(value).toString('base64') : value;
  if (!/^[\w+/-]+={0,2}$/.test(encoded)) {
    throw new InvalidValue('must be an API key in its encoded form, or id:key',
      'Use the field `encoded` of the answer to POST /_security/api_key.');
  }
  return encoded;
}

/** ELASTICSEARCH_CA_FINGERPRINT, with or without colons. */
export function fingerprint(value: string): string {
  const hex = value.replaceAll(':', '');
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new InvalidValue('must be a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons');
  return (hex.toUpperCase().match(/../g) ?? []).join(':');
}
