import { readFileSync } from 'node:fs';
import type { ElasticsearchConfig } from '../config/config.js';
import { EXIT, Failure } from '../domain/failure.js';
import { createElastic, ElasticUnreachable, type Elastic } from './client.js';
import { diagnoseEndpoint } from './endpoint-probe.js';

const PROBE_TIMEOUT_MS = 5000;

/**
 * Connects, works and closes. Where no answer came, the address is taken apart layer by layer and the
 * Failure (exit 1) says at which it ends.
 */
export async function withCluster<T>(config: ElasticsearchConfig, work: (elastic: Elastic) => Promise<T>): Promise<T> {
  const elastic = createElastic(config);
  try {
    return await work(elastic);
  } catch (error) {
    throw error instanceof ElasticUnreachable ? await explain(config, error) : error;
  } finally {
    await elastic.close();
  }
}

async function explain(config: ElasticsearchConfig, error: ElasticUnreachable): Promise<Failure> {
  const urls = config.cloudId === undefined ? config.urls : [];
  const found = (await Promise.all(urls.map((url) => diagnoseEndpoint(url, {
    verify: config.tlsVerify,
    timeoutMs: PROBE_TIMEOUT_MS,
    ...(config.caFile !== undefined && { ca: readFileSync(config.caFile, 'utf8') }), // readable, or there were no connection
    ...(config.caFingerprint !== undefined && { fingerprint: config.caFingerprint }),
    ...clientOf(config),
  })))).filter((each) => each !== undefined);
  const where = urls[0] ?? 'the deployment of ELASTICSEARCH_CLOUD_ID';
  // An address that works was not what failed, where another one does not work.
  const message = found.length > 0 ? [...new Set(found.map((each) => each.message))].join('; ') : urls.length > 1 ? error.message : `${where}: ${error.message}`;
  return new Failure({
    code: 'es_unreachable',
    message,
    fix: found[0]?.fix ?? 'Run it again; if it stays so, `gateway es verify` looks at the cluster layer by layer.',
    exitCode: EXIT.failed,
    cause: error,
  });
}

function clientOf({ certFile, keyFile }: ElasticsearchConfig): { readonly client?: { readonly cert: string; readonly key: string } } {
  if (certFile === undefined || keyFile === undefined) return {};
  return { client: { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') } };
}
