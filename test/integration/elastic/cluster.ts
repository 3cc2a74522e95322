import { randomBytes } from 'node:crypto';
import type { ElasticsearchConfig } from '../../../src/config/config.js';
import type { Answer } from '../../../src/elastic/answers.js';
import { createElastic, type Elastic } from '../../../src/elastic/client.js';
import { elasticsearchUrl, needElasticsearch } from '../../support/elasticsearch/shared.js';

needElasticsearch();

/** The cluster under test, with its superuser. */
export interface Cluster {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export function cluster(): Cluster {
  const url = elasticsearchUrl();
  return { url: url.origin, username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
}

/** Configuration for that cluster, as its superuser unless told otherwise. */
export function configOf(overrides: Partial<ElasticsearchConfig> = {}): ElasticsearchConfig {
  const { url, username, password } = cluster();
  return { enabled: true, urls: [url], username, password, tlsVerify: true, index: 'ai-gateway-metrics', ...overrides };
}

/** A name that no other test uses, and its removal. */
export function freshName(prefix = 'gwtest'): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}

/** Everything that a test asks of the cluster directly, as its superuser. */
export class Admin {
  #elastic: Elastic | undefined;

  /** Connected at the first use: the server is started only after the files are loaded. */
  get elastic(): Elastic {
    return this.#elastic ??= createElastic(configOf());
  }

  async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.elastic.request({ method, path, ...(body !== undefined && { body }) });
  }

  async must(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.ask(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${String(answer.status)} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async version(): Promise<number> {
    const body = await this.must('GET', '/') as { version: { number: string } };
    return Number(body.version.number.split('.')[0]);
  }

  /** The index template of that name as it can be put again: newer servers refuse their own dates. */
  async template(name: string): Promise<{ template: { settings: unknown; mappings: { properties: Record<string, unknown> } } }> {
    const body = await this.must('GET', `/_index_template/${name}-template`) as { index_templates: { index_template: Record<string, unknown> & { template: { settings: unknown; mappings: { properties: Record<string, unknown> } } } }[] };
    const found = body.index_templates[0];
    if (found === undefined) throw new Error(`no template ${name}-template`);
    const { created_date: _, created_date_millis: __, modified_date: ___, modified_date_millis: ____, ...template } = found.index_template;
    return template;
  }

  /** Removes indices, template and policy of that name. */
  async drop(name: string): Promise<void> {
    const found = await this.must('GET', `/_resolve/index/${name}*`) as { indices: { name: string }[]; data_streams: { name: string }[] };
    // The bare test distribution has no such API, and no other way: there a data stream stays until the server goes.
    for (const stream of found.data_streams) await this.ask('DELETE', `/_data_stream/${stream.name}`);
    for (const index of found.indices) await this.ask('DELETE', `/${index.name}`);
    await this.ask('DELETE', `/_index_template/${name}-template`);
    await this.ask('DELETE', `/_ilm/policy/${name}-policy`);
  }

  /** A user with exactly these privileges. */
  async user(name: string, cluster: readonly string[], indices: readonly { names: readonly string[]; privileges: readonly string[] }[]): Promise<{ username: string; password: string }> {
    await this.must('PUT', `/_security/role/${name}`, { cluster, indices });
    await this.must('PUT', `/_security/user/${name}`, { password: 'a-test-password', roles: [name] });
    return { username: name, password: 'a-test-password' };
  }

  async dropUser(name: string): Promise<void> {
    await this.ask('DELETE', `/_security/user/${name}`);
    await this.ask('DELETE', `/_security/role/${name}`);
  }
}
