import { EXIT, Failure } from '../domain/failure.js';
import { indexFor } from '../domain/elastic-names.js';
import { errorOf, isGood, isMissingApi, refusal } from './answers.js';
import type { Elastic } from './client.js';
import { isChange, type InitPlan, type InitStep, type PlannedRequest } from './init-step.js';
import { listAt, objectAt, stringAt } from './json.js';
import { describeDrift, isDocumented, mappingDrift } from './mapping-drift.js';
import { describePrivileges, missingPrivileges, privilegeNames } from './privileges.js';

/** Wraps the work of one step, for a spinner. */
export type OnStep = (step: InitStep, work: () => Promise<void>) => Promise<void>;

/**
 * Brings the plan about, step after step; steps in conflict are left alone. Everything can be done
 * twice and by two at once. Throws a Failure that names the step where it stopped; what was done
 * until then stays and is found `unchanged` the next time. Returns whether anything was changed.
 */
export async function applyPlan(elastic: Elastic, plan: InitPlan, onStep: OnStep = (_, work) => work()): Promise<boolean> {
  const changes = plan.steps.filter(isChange);
  if (changes.length === 0) return false;
  await requirePrivileges(elastic, plan.name, changes);
  for (const step of changes) {
    await onStep(step, async () => {
      for (const request of step.requests) await send(elastic, step, request);
    });
  }
  if (plan.steps.every((step) => step.id !== 'template' || step.action !== 'conflict')) await verifyTemplate(elastic, plan);
  return true;
}

/** All that is missing is said at once, before anything is changed. */
async function requirePrivileges(elastic: Elastic, name: string, steps: readonly InitStep[]): Promise<void> {
  const names = privilegeNames(name);
  const wanted = {
    cluster: [...new Set(steps.flatMap((step) => step.privileges?.cluster ?? []))],
    index: [...new Set(steps.flatMap((step) => step.privileges?.index ?? []))],
  };
  const missing = await missingPrivileges(elastic, wanted, names);
  if (missing === undefined || missing.cluster.length + missing.index.length === 0) return;
  const perStep = steps.flatMap((step) => {
    const lacking = {
      cluster: (step.privileges?.cluster ?? []).filter((privilege) => missing.cluster.includes(privilege)),
      index: (step.privileges?.index ?? []).filter((privilege) => missing.index.includes(privilege)),
    };
    const words = describePrivileges(lacking, names);
    return words === '' ? [] : [`${step.id} needs ${words}`];
  });
  throw new Failure({
    code: 'es_missing_privileges',
    message: `the credentials may not do what is needed, and nothing was changed: ${perStep.join('; ')}`,
    fix: 'Grant these privileges, or run `gateway es init` as a user that has them.',
    exitCode: EXIT.failed,
  });
}

async function send(elastic: Elastic, step: InitStep, request: PlannedRequest): Promise<void> {
  const answer = await elastic.request({ method: request.method, path: request.path, ...(request.body !== undefined && { body: request.body }) });
  if (isGood(answer)) return;
  // Another `es init`, or the exporter, was a moment quicker: what it made comes from the same template.
  if (errorOf(answer).type === 'resource_already_exists_exception') return;
  // Where data streams have no API of their own, the first record makes the stream from the template.
  if (request.path.startsWith('/_data_stream/') && isMissingApi(answer)) return;
  throw refusal(answer, `${step.action} ${step.id} (${request.method} ${request.path})`);
}

/** Asks the server what an index that is made tomorrow would look like. */
async function verifyTemplate(elastic: Elastic, plan: InitPlan): Promise<void> {
  const probe = indexFor(plan.name, plan.layout, '2999-12-31'); // a day that surely has no index yet
  const answer = await elastic.request({ method: 'POST', path: `/_index_template/_simulate_index/${encodeURIComponent(probe)}` });
  if (answer.status === 403) return; // only who may make templates may simulate, and the template was not what changed
  if (!isGood(answer)) throw refusal(answer, `simulate an index named ${probe}`);
  const drift = mappingDrift(objectAt(answer.body, 'template', 'mappings'), plan.objects.mapping);
  if (isDocumented(drift)) return;
  const others = listAt(answer.body, 'overlapping').map((other) => stringAt(other, 'name')).join(', ');
  throw new Failure({
    code: 'es_template_not_effective',
    message: `a new index ${probe} would not get the documented mapping (${describeDrift(drift)})${others === '' ? '' : `; overlapping templates: ${others}`}`,
    fix: 'Narrow the pattern or lower the priority of the overlapping template, and run `gateway es init` again.',
    exitCode: EXIT.failed,
  });
}
