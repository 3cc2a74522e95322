import { EXIT, Failure } from '../domain/failure.js';
import { errorOf, isGood, refusal, type Answer } from './answers.js';
import type { Elastic } from './client.js';
import { at, stringAt } from './json.js';

/** What `GET /` tells; parts are undefined where the credentials may not ask (cluster privilege `monitor`). */
export interface ServerInfo {
  readonly version: string | undefined;
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly clusterUuid: string | undefined;
  readonly clusterName: string | undefined;
  readonly nodeName: string | undefined;
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
  if (answer.isElasticsearch || looksLikeElasticsearch(answer)) return undefined;
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
  return info;
}
