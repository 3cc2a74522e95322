import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { ElasticsearchConfig } from '../../config/config.js';
import { EXIT, Failure } from '../../domain/failure.js';
import { Credentials } from '../credentials.js';
import { at, listAt, numberAt, stringAt } from '../json.js';
import { TlsFiles } from '../tls-files.js';
import { ndjson } from './saved-objects.js';

/** Which Kibana, and who asks; credentials are those of Elasticsearch, for Kibana hands them on. */
export type KibanaConfig = Pick<ElasticsearchConfig, 'index' | 'username' | 'password' | 'passwordFile' | 'apiKey' | 'apiKeyFile' | 'caFile' | 'tlsVerify'>;

export interface ImportOptions {
  /** Without a trailing slash; a base path belongs to it. */
  readonly url: string;
  /** The default space unless given. */
  readonly space?: string;
  /** Replace objects of these ids that are there already. */
  readonly overwrite: boolean;
  readonly timeoutMs: number;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly isKibana: boolean;
  readonly isElasticsearch: boolean;
}

const BOUNDARY = 'gateway-saved-objects';

/** Sends the saved objects in one `_import` call; resolves with how many were imported. Throws a Failure that says what Kibana said. */
export async function importObjects(config: KibanaConfig, options: ImportOptions): Promise<number> {
  const space = options.space === undefined ? '' : `/s/${encodeURIComponent(options.space)}`;
  const url = new URL(`${options.url.replace(/\/$/, '')}${space}/api/saved_objects/_import?overwrite=${String(options.overwrite)}`);
  const answer = await post(url, config, options.timeoutMs);
  const body = parsed(answer.text);
  if (answer.status === 200 && at(body, 'success') === true) return numberAt(body, 'successCount') ?? 0;
  throw refused(answer, body, options);
}

function refused(answer: Answer, body: unknown, { url }: ImportOptions): Failure {
  const said = stringAt(body, 'message') ?? stringAt(body, 'error', 'reason') ?? '';
  const status = `HTTP ${String(answer.status)}${said === '' ? '' : `: ${said}`}`;
  if (answer.status === 200 && at(body, 'success') === false) {
    const errors = listAt(body, 'errors').map((error) => `${String(at(error, 'type'))} ${String(at(error, 'id'))}: ${String(at(error, 'error', 'type'))}`);
    const conflict = listAt(body, 'errors').some((error) => at(error, 'error', 'type') === 'conflict');
    return failure('kibana_import_failed', `Kibana imported ${objects(numberAt(body, 'successCount') ?? 0)} and refused ${String(errors.length)}: ${errors.slice(0, 5).join('; ')}`,
      conflict ? 'Run it without --no-overwrite to replace what is there.' : 'Look at the log of Kibana.');
  }
  if (answer.isElasticsearch) {
    return failure('not_kibana', `${url} is Elasticsearch, not Kibana (${status})`, 'Give the address of Kibana with --url, usually port 5601 instead of 9200.');
  }
  if (answer.status === 401) return failure('kibana_unauthorized', `Kibana refused the credentials (${status})`, 'Check ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or ELASTICSEARCH_API_KEY.');
  if (answer.status === 403) return failure('kibana_forbidden', `not allowed to import saved objects (${status})`, 'Use a user whose role has the Kibana privilege "Saved Objects Management: All" in that space.');
  if (answer.status === 422) return failure('kibana_too_old', `this Kibana takes no such objects (${status})`, 'Use Kibana 7.17, 8.x or 9.x.');
  if (answer.isKibana) return failure('kibana_import_failed', `Kibana refused the import (${status})`, 'Check --space, and look at the log of Kibana.');
  return failure('not_kibana', `something else than Kibana answers at ${url} (${status})`, 'Check --url, its base path included, and proxies in between.');
}

function post(url: URL, config: KibanaConfig, timeoutMs: number): Promise<Answer> {
  const { header } = new Credentials(config);
  const certificates = new TlsFiles({ ...(config.caFile !== undefined && { caFile: config.caFile }) });
  const body = [
    `--${BOUNDARY}`, 'Content-Disposition: form-data; name="file"; filename="ai-gateway.ndjson"', 'Content-Type: application/ndjson', '',
    ndjson(config.index), `--${BOUNDARY}--`, '',
  ].join('\r\n');
  const headers = {
    'kbn-xsrf': 'true', 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, 'content-length': Buffer.byteLength(body),
    ...(header !== undefined && { authorization: header }),
  };
  const secure = url.protocol === 'https:' ? { rejectUnauthorized: config.tlsVerify, ...certificates.material } : {};
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(url, { method: 'POST', headers, signal: AbortSignal.timeout(timeoutMs), ...secure }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject).once('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8'), isKibana: response.headers['kbn-name'] !== undefined, isElasticsearch: response.headers['x-elastic-product'] !== undefined });
      });
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      reject(failure('kibana_unreachable', `no answer from ${url.origin} (${error.code ?? error.message})`, 'Check that Kibana runs, and --url; where its certificate is from a private authority, set ELASTICSEARCH_CA_FILE.', error));
    });
    request.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(code: string, message: string, fix: string, cause?: unknown): Failure {
  return new Failure({ code, message, fix, exitCode: EXIT.failed, ...(cause !== undefined && { cause }) });
}

function objects(count: number): string {
  return `${String(count)} ${count === 1 ? 'object' : 'objects'}`;
}
