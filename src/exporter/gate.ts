import type { ElasticsearchConfig } from '../config/config.js';
import type { Layout } from '../domain/elastic-names.js';
import type { Elastic } from '../elastic/client.js';
import { ensureObjects } from '../elastic/ensure-objects.js';
import { deletionAge, isPastAge, mayBeDeleted } from '../elastic/lifecycle-age.js';
import { judgeAnswer } from '../elastic/verdict.js';

/** Whether the cluster may be written to; if not, which kind of waiting that is. */
export type GateAnswer =
  | { readonly kind: 'open'; readonly clusterUuid: string; readonly layout: Layout }
  | { readonly kind: 'backing-off'; readonly reason: string }
  | { readonly kind: 'holding' | 'waiting-for-template'; readonly reason: string; readonly fix: string };

/** Whether an index may be written to. */
export type IndexAnswer =
  /** `deleted`: it is not there, and the lifecycle may have deleted it. */
  | { readonly kind: 'open'; readonly deleted: boolean }
  /** It is not there, and all records of its day are older than the lifecycle keeps records. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'other-target' }
  | { readonly kind: 'problem'; readonly reason: string; readonly fix: string };

const ASK_TIMEOUT_MS = 10_000;
/** No lifecycle deletes the index of so young a day. */
const RECENT_MS = 24 * 3_600_000;

/** Asked at the start, after every broken connection and after every hold. */
export async function askGate(elastic: Elastic, config: ElasticsearchConfig): Promise<GateAnswer> {
  try {
    const answer = await elastic.request({ method: 'GET', path: '/', timeoutMs: ASK_TIMEOUT_MS });
    if (answer.status !== 403 && (answer.status < 200 || answer.status >= 300)) {
      const verdict = judgeAnswer(answer, 0);
      return verdict.kind === 'hold' ? { kind: 'holding', reason: verdict.reason, fix: verdict.fix } : { kind: 'backing-off', reason: verdict.kind === 'items' ? 'no answer' : verdict.reason };
    }
    const readiness = await ensureObjects(elastic, config);
    return readiness.ready
      ? { kind: 'open', clusterUuid: readiness.clusterUuid, layout: readiness.layout }
      : { kind: 'waiting-for-template', reason: readiness.reason, fix: readiness.fix };
  } catch (error) {
    return { kind: 'backing-off', reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Asked before the first write to an index name, and once in a while: its template stands and, where it exists, it is
 * mapped as documented. Records that are older than the lifecycle keeps them must not bring their index back.
 *
 * @throws ElasticUnreachable
 */
export async function askIndex(elastic: Elastic, config: ElasticsearchConfig, target: { readonly clusterUuid: string; readonly layout: Layout }, date: string | undefined, index: string, now: number = Date.now()): Promise<IndexAnswer> {
  const time = date === undefined ? now : Date.parse(date);
  let deleted = false;
  if (date !== undefined && now - time > RECENT_MS) {
    const answer = await elastic.request({ method: 'HEAD', path: `/${encodeURIComponent(index)}`, timeoutMs: ASK_TIMEOUT_MS });
    const age = answer.status === 404 ? await deletionAge(elastic, config.index) : undefined;
    if (isPastAge(date, age, now)) return { kind: 'expired' };
    if (mayBeDeleted(date, age, now)) deleted = true;
  }
  // Of the record's own day: a template of somebody else's may win for some days only.
  const readiness = await ensureObjects(elastic, config, time);
  if (!readiness.ready) return { kind: 'problem', reason: readiness.reason, fix: readiness.fix };
  return readiness.clusterUuid === target.clusterUuid && readiness.layout === target.layout ? { kind: 'open', deleted } : { kind: 'other-target' };
}
