import { EXIT, Failure } from '../domain/failure.js';
import { errorOf, isGood, refusal, type Answer } from './answers.js';
import type { Elastic, ElasticNode } from './client.js';
import { at, stringAt } from './json.js';
import { ElasticUnreachable } from './unreachable.js';

/** What `GET /` tells; parts are undefined where the credentials may not ask (cluster privilege `monitor`). */
export interface ServerInfo {
  readonly version: string | undefined;
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly clusterUuid: string | undefined;
  readonly clusterName: string | undefined;
  readonly nodeName: string | undefined;
  /** Elastic's serverless: no lifecycle policies, nodes or shards of one's own. */
  readonly serverless: boolean;
}

/** The versions that are supported, for people. */
export const SUPPORTED = '7.17, 8.x and 9.x';

export function serverInfo(body: unknown): ServerInfo {
  const version = stringAt(body, 'version', 'number');
  const [major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '')?.slice(1).map(Number) ?? [];
  const uuid = stringAt(body, 'cluster_uuid');
  return {
    version, major, minor,
    clusterUuid: uuid === '_na_' ? undefined : uuid, // said while no cluster has formed yet
    clusterName: stringAt(body, 'cluster_name'),
    nodeName: stringAt(body, 'name'),
    serverless: stringAt(body, 'version', 'build_flavor') === 'serverless',
  };
}

export function isSupported({ major, minor }: ServerInfo): boolean {
  return major !== undefined && ((major === 7 && (minor ?? 0) >= 17) || major === 8 || major === 9);
}

/** What answers instead of Elasticsearch, in words; undefined where it is Elasticsearch. */
export function impostor(answer: Answer): { readonly what: string; readonly fix: string } | undefined {
  const distribution = stringAt(answer.body, 'version', 'distribution');
  if (distribution !== undefined) {
    return { what: `${distribution} ${stringAt(answer.body, 'version', 'number') ?? ''} answers, not Elasticsearch`.replace('  ', ' '), fix: `Set ELASTICSEARCH_URL to an Elasticsearch (${SUPPORTED}); its lifecycle and security APIs are other ones than ${distribution}'s.` };
  }
  const tagline = stringAt(answer.body, 'tagline') ?? '';
  if (/opensearch/i.test(tagline)) {
    return { what: `OpenSearch answers, which calls itself version ${stringAt(answer.body, 'version', 'number') ?? 'unknown'} (compatibility mode), not Elasticsearch`, fix: `Set ELASTICSEARCH_URL to an Elasticsearch (${SUPPORTED}); its lifecycle and security APIs are other ones than OpenSearch's.` };
  }
  if (answer.isElasticsearch || looksLikeElasticsearch(answer)) return undefined;
  const number = stringAt(answer.body, 'version', 'number');
  if (isGood(answer) && number !== undefined && (tagline === 'You Know, for Search' || stringAt(answer.body, 'cluster_uuid') !== undefined)) {
    const [major = 0, minor = 0] = number.split('.').map(Number);
    return major < 7 || (major === 7 && minor < 14)
      ? { what: `a server answers that calls itself Elasticsearch ${number}, without the header X-Elastic-Product: an Elasticsearch before 7.14, or OpenSearch in its compatibility mode`, fix: `Set ELASTICSEARCH_URL to an Elasticsearch (${SUPPORTED}).` }
      : { what: `what answers calls itself Elasticsearch ${number}, but the header X-Elastic-Product is missing: a proxy in between removes it`, fix: 'Let the proxy pass the header X-Elastic-Product of the answers, or set ELASTICSEARCH_URL to the address of Elasticsearch itself.' };
  }
  const kibana = headerOf(answer, 'kbn-name');
  if (kibana !== undefined) {
    return { what: `Kibana (${kibana}) answers, not Elasticsearch`, fix: 'Set ELASTICSEARCH_URL to the address of Elasticsearch itself, usually port 9200 instead of 5601.' };
  }
  const type = headerOf(answer, 'content-type') ?? 'no content type';
  if (/html/i.test(type)) {
    const title = typeof answer.body === 'string' ? /<title[^>]*>([^<]{1,80})/i.exec(answer.body)?.[1]?.trim() : undefined;
    return { what: `a web page answers (HTTP ${String(answer.status)}${title === undefined ? '' : `, titled "${title}"`}), probably a proxy or a login page, not Elasticsearch`, fix: 'Set ELASTICSEARCH_URL to the address of Elasticsearch itself, or let the proxy in between pass the gateway through.' };
  }
  if (answer.status >= 300 && answer.status < 400) {
    return { what: `the address redirects (HTTP ${String(answer.status)} to ${headerOf(answer, 'location') ?? 'an unnamed place'})`, fix: 'Set ELASTICSEARCH_URL to the address of Elasticsearch itself: redirects are not followed.' };
  }
  return { what: `something else than Elasticsearch answers (HTTP ${String(answer.status)}, ${type})`, fix: 'Check host and port of ELASTICSEARCH_URL, and what stands in between.' };
}

/** 7.x and 8.x leave their product header out of answers to refused credentials. */
function looksLikeElasticsearch(answer: Answer): boolean {
  return answer.isJson && (answer.status === 401 || answer.status === 403) && errorOf(answer).type === 'security_exception';
}

function headerOf(answer: Answer, name: string): string | undefined {
  const value = at(answer.headers, name);
  return Array.isArray(value) ? value.map(String).join(', ') : typeof value === 'string' ? value : undefined;
}

/** In words, where addresses belong to different clusters: records would be split between them. */
export function differentClusters(nodes: readonly { readonly url: string; readonly info: ServerInfo }[]): { readonly message: string; readonly fix: string } | undefined {
  const clusters = new Map<string, string[]>();
  for (const { url, info: { clusterUuid, clusterName } } of nodes) {
    if (clusterUuid === undefined) continue;
    const name = `${clusterName ?? 'a cluster'} (${clusterUuid})`;
    clusters.set(name, [...clusters.get(name) ?? [], url]);
  }
  if (clusters.size < 2) return undefined;
  const said = [...clusters].map(([name, urls]) => `${urls.join(', ')} ${urls.length === 1 ? 'is' : 'are'} of ${name}`).join('; ');
  return { message: `the addresses in ELASTICSEARCH_URL belong to different clusters: ${said}`, fix: 'Name only nodes of one cluster in ELASTICSEARCH_URL.' };
}

const ASK_TIMEOUT_MS = 5_000;
/** What nodes have said; a node that was down is asked later. */
const known = new WeakMap<ElasticNode, ServerInfo>();

/** Asks every address once which cluster it is of. @throws Failure where they are of different ones */
async function requireOneCluster({ nodes = [], request }: Elastic): Promise<void> {
  if (nodes.length < 2) return;
  await Promise.all(nodes.map(async (node, at) => {
    if (known.has(node) || node.isResting) return;
    const answer = await request({ method: 'GET', path: '/', node: at, timeoutMs: ASK_TIMEOUT_MS }).catch((error: unknown) => {
      if (error instanceof ElasticUnreachable) return undefined;
      throw error;
    });
    const info = answer !== undefined && isGood(answer) && impostor(answer) === undefined ? serverInfo(answer.body) : undefined;
    if (info?.clusterUuid !== undefined) known.set(node, info);
  }));
  const differ = differentClusters(nodes.flatMap((node) => {
    const info = known.get(node);
    return info === undefined ? [] : [{ url: node.url, info }];
  }));
  if (differ !== undefined) {
    for (const node of nodes) known.delete(node); // asked again: somebody may correct an address behind a name
    throw new Failure({ code: 'es_clusters_differ', ...differ, exitCode: EXIT.failed });
  }
}

/** Reads `GET /` and throws a Failure unless it is a supported Elasticsearch; where the credentials may not ask, that is taken on trust. */
export async function requireElasticsearch(elastic: Elastic): Promise<ServerInfo> {
  const answer = await elastic.request({ method: 'GET', path: '/' });
  const other = impostor(answer);
  if (other !== undefined) throw new Failure({ code: 'not_elasticsearch', message: other.what, fix: other.fix, exitCode: EXIT.failed });
  if (answer.status !== 403 && !isGood(answer)) throw refusal(answer, 'ask the server who it is');
  const info = serverInfo(isGood(answer) ? answer.body : undefined);
  if (isGood(answer) && !isSupported(info)) {
    throw new Failure({
      code: 'es_version_unsupported',
      message: `Elasticsearch ${info.version ?? 'of an unknown version'} is not supported`,
      fix: `Use Elasticsearch ${SUPPORTED}.`,
      exitCode: EXIT.failed,
    });
  }
  await requireOneCluster(elastic);
  return info;
}
