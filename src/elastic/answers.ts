import { EXIT, Failure } from '../domain/failure.js';
import type { Elastic } from './client.js';
import { at, stringAt } from './json.js';

/** What the server answered; HTTP errors are answers too. */
export type Answer = Awaited<ReturnType<Elastic['request']>>;

export function isGood(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/** Type and reason of an error answer, root cause first: that names the thing. */
export function errorOf(answer: Answer): { readonly type: string; readonly reason: string } {
  const error = at(answer.body, 'error');
  if (typeof error === 'string') return { type: '', reason: error };
  const root = at(error, 'root_cause', 0);
  // Of a search that failed on its shards the outer error says only that; the shard's own error names the thing.
  const deepest = [error, at(error, 'failed_shards', 0, 'reason'), root].map((each) => ({ each, cause: deepestCause(each) })).find(({ each, cause }) => cause !== each)?.cause;
  return {
    type: stringAt(root, 'type') ?? stringAt(error, 'type') ?? '',
    reason: stringAt(deepest, 'reason') ?? stringAt(root, 'reason') ?? stringAt(error, 'reason') ?? `HTTP ${String(answer.status)}`,
  };
}

function deepestCause(error: unknown): unknown {
  let here = error;
  for (let next = at(here, 'caused_by'); next !== undefined; next = at(here, 'caused_by')) here = next;
  return here;
}

/** The indices whose block made the server refuse a request about several. */
export function blockedIndices(answer: Answer): readonly string[] {
  if (answer.status !== 403 || errorOf(answer).type !== 'cluster_block_exception') return [];
  return [...errorOf(answer).reason.matchAll(/index \[([^\]]+)\] blocked by/g)].map((match) => match[1] as string);
}

/** Whether the server has no such API: a build without the module behind it, a proxy, or serverless. */
export function isMissingApi(answer: Answer): boolean {
  if (![400, 404, 405, 410].includes(answer.status)) return false;
  const { type, reason } = errorOf(answer);
  if (/no handler found for uri|Incorrect HTTP method for uri/i.test(reason) || type === 'api_not_available_exception') return true;
  // 7.17 takes the first part of a path that it does not know for the name of an index.
  return (type === 'invalid_index_name_exception' || type === 'index_not_found_exception') && /\[_[a-z]/.test(reason.replaceAll('[_na_]', ''));
}

/** The failure of a request that had to be answered with 2xx. `doing` completes "could not …". */
export function refusal(answer: Answer, doing: string): Failure {
  const { type, reason } = errorOf(answer);
  const said = `${String(answer.status)}${type === '' ? '' : ` ${type}`}: ${reason}`;
  if (answer.status === 401) {
    return failure('es_unauthorized', `Elasticsearch refused the credentials (could not ${doing}; ${said})`,
      'Check ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or ELASTICSEARCH_API_KEY.');
  }
  if (!answer.isJson) {
    const what = `could not ${doing}: HTTP ${String(answer.status)} and no JSON, so something else than Elasticsearch answered`;
    return answer.status === 429 || answer.status >= 500
      ? failure('es_unavailable', what, 'Wait until the cluster, or the proxy in between, has recovered, and run it again; `gateway es verify` tells what answers there.')
      : failure('not_elasticsearch', what, 'Check ELASTICSEARCH_URL and proxies in between; `gateway es verify` tells what answers there.');
  }
  if (answer.status === 403 && type === 'cluster_block_exception') {
    return failure('es_blocked', `a block does not let anybody ${doing} (${said})`,
      'Lift the block that the message names: PUT INDEX/_settings or PUT _cluster/settings with that block set to null.');
  }
  if (answer.status === 403) {
    return failure('es_forbidden', `not allowed to ${doing} (${said})`,
      'Give the user or key the privilege that the message names, or run the command as one that has it.');
  }
  if (answer.status === 429 || answer.status >= 500) {
    return failure('es_unavailable', `Elasticsearch could not ${doing} (${said})`, 'Wait until the cluster has recovered (`gateway es verify` shows its state) and run it again.');
  }
  return failure('es_refused', `Elasticsearch refused to ${doing} (${said})`, /fielddata/i.test(reason)
    ? 'An index there was not made by the template: `gateway es verify --only mapping,alias` names it, and the ways out.'
    : 'The reason in brackets is the server\'s own; fix what it names and run it again.');
}

function failure(code: string, message: string, fix: string): Failure {
  return new Failure({ code, message, fix, exitCode: EXIT.failed });
}
