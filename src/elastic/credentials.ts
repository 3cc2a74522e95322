import { readFileSync } from 'node:fs';
import type { ElasticsearchConfig } from '../config/config.js';
import { Failure } from '../domain/failure.js';

type Secrets = Pick<ElasticsearchConfig, 'username' | 'password' | 'passwordFile' | 'apiKey' | 'apiKeyFile'>;

/**
 * The `authorization` header of requests to the cluster. Secrets that come from a file are read again
 * after the cluster has refused them, so that a rotated password needs no restart.
 */
export class Credentials {
  readonly #secrets: Secrets;
  #header: string | undefined;

  /** @throws Failure `es_secret_unreadable` where a file with a secret cannot be read */
  constructor(secrets: Secrets) {
    this.#secrets = secrets;
    this.#header = authorization(secrets, readSecret);
  }

  get header(): string | undefined {
    return this.#header;
  }

  /** Reads the files again; whether there is another secret now. One that cannot be read changes nothing. */
  refresh(): boolean {
    try {
      const fresh = authorization(this.#secrets, readSecret);
      const changed = fresh !== this.#header;
      this.#header = fresh;
      return changed;
    } catch {
      return false;
    }
  }
}

function authorization(secrets: Secrets, read: (variable: string, path: string) => string): string | undefined {
  const apiKey = secrets.apiKeyFile === undefined ? secrets.apiKey : encodedKey(read('ELASTICSEARCH_API_KEY_FILE', secrets.apiKeyFile));
  if (apiKey !== undefined) return `ApiKey ${apiKey}`;
  const password = secrets.passwordFile === undefined ? secrets.password : read('ELASTICSEARCH_PASSWORD_FILE', secrets.passwordFile);
  if (secrets.username === undefined && password === undefined) return undefined;
  return `Basic ${Buffer.from(`${secrets.username ?? ''}:${password ?? ''}`).toString('base64')}`;
}

/** The base64 form of an API key that is written as that or as `id:key`. */
function encodedKey(text: string): string {
  return text.includes(':') ? Buffer.from(text).toString('base64') : text;
}

function readSecret(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new Failure({
      code: 'es_secret_unreadable',
      message: `${variable}=${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      fix: `Make the file readable for the user that runs the gateway, or correct ${variable}.`,
      cause: error,
    });
  }
}
