import { errorOf, isGood, isMissingApi } from '../answers.js';
import { at, isObject, numberAt, objectAt, stringAt } from '../json.js';
import { type Check, type CheckContext, fail, ok, skip, warn } from './check.js';

/** Cluster health; from 8.7 on with the server's own diagnosis of what is not green. */
export const health: Check = {
  id: 'health',
  title: 'Cluster health',
  needs: ['authentication'],
  async run(context) {
    if (context.server?.serverless === true) return skip('a serverless project shows no health: Elastic looks after its nodes');
    const answer = await context.elastic.request({ method: 'GET', path: '/_cluster/health' });
    if (answer.status === 403) return warn('the credentials may not ask for the health', 'Grant the cluster privilege monitor.');
    if (!isGood(answer)) return fail(`no health: HTTP ${String(answer.status)}, ${errorOf(answer).reason}`, 'Look at the log of the nodes: the cluster has no master, or is overloaded.');
    const status = stringAt(answer.body, 'status') ?? 'unknown';
    const unassigned = numberAt(answer.body, 'unassigned_shards') ?? 0;
    const nodes = numberAt(answer.body, 'number_of_nodes') ?? 0;
    const seen = `${status}, ${String(nodes)} ${nodes === 1 ? 'node' : 'nodes'}, ${String(unassigned)} unassigned ${unassigned === 1 ? 'shard' : 'shards'}`;
    const report = await diagnosis(context);
    const message = report.length === 0 ? seen : `${seen}; ${report.map((each) => each.symptom).join(' ')}`;
    const fix = report.find((each) => each.action !== undefined)?.action ?? 'GET _cluster/allocation/explain says why a shard is not assigned.';
    if (status === 'red') return fail(message, fix);
    if (status === 'yellow' || report.length > 0) return warn(message, fix);
    return ok(message);
  },
};

/** Indicators of `_health_report` that are neither green nor unknown; none where the server has no such API. */
async function diagnosis({ elastic }: CheckContext): Promise<{ symptom: string; action: string | undefined }[]> {
  const answer = await elastic.request({ method: 'GET', path: '/_health_report' });
  if (!isGood(answer) || isMissingApi(answer)) return [];
  return Object.entries(objectAt(answer.body, 'indicators'))
    .filter(([, indicator]) => isObject(indicator) && ['yellow', 'red'].includes(String(indicator['status'])))
    .map(([name, indicator]) => ({
      symptom: `${name}: ${stringAt(indicator, 'symptom') ?? 'not green.'}`,
      action: stringAt(at(indicator, 'diagnosis', 0), 'action'),
    }));
}
