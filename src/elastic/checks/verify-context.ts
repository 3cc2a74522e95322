import { readFileSync } from 'node:fs';
import type { ElasticsearchConfig } from '../../config/config.js';
import { createElastic, type Elastic } from '../client.js';
import type { CheckContext } from './check.js';

export interface VerifyOptions {
  /** For each request, in milliseconds. */
  readonly timeoutMs: number;
  readonly exporter?: CheckContext['exporter'];
}

/** What the checks need to look at the cluster of that configuration; `close` ends its connections. */
export function verifyContext(config: ElasticsearchConfig, options: VerifyOptions): { readonly context: CheckContext; readonly close: () => Promise<void> } {
  const made: Elastic[] = [];
  const connect = (each: ElasticsearchConfig): Elastic => {
    const elastic = createElastic(each);
    made.push(elastic);
    return { ...elastic, request: (request) => elastic.request({ timeoutMs: options.timeoutMs, ...request }) };
  };
  const ca = read(config.caFile);
  const cert = read(config.certFile);
  const key = read(config.keyFile);
  const context: CheckContext = {
    elastic: connect(config),
    config,
    now: Date.now,
    timeoutMs: options.timeoutMs,
    connect: (url) => connect({ ...config, urls: [url] }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && key !== undefined && { client: { cert, key } }),
    ...(options.exporter !== undefined && { exporter: options.exporter }),
  };
  return { context, close: async () => { await Promise.all(made.map((elastic) => elastic.close())); } };
}

/** Absent where it cannot be read: the connection itself says so. */
function read(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
