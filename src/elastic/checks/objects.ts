import { isGood } from '../answers.js';
import { readClusterState } from '../cluster-state.js';
import { currentIndex } from '../init-steps.js';
import { buildPlan } from '../init-plan.js';
import type { InitStep, StepId } from '../init-step.js';
import { objectAt, stringAt } from '../json.js';
import { retentionOf } from '../managed-objects.js';
import { describeDrift, isDocumented, isSafeToWrite, mappingDrift } from '../mapping-drift.js';
import { timeMs } from '../normalise.js';
import { describePrivileges, missingPrivileges, privilegeNames } from '../privileges.js';
import { lifecycleTrap, templateLayout } from '../resolve-layout.js';
import { type Check, type CheckContext, fail, ok, skip, warn } from './check.js';

const INIT = 'Run `gateway es init`.';

/** What bears the name, how records are laid out, and the lifecycle trap of `single`. */
export const layout: Check = {
  id: 'layout',
  title: 'Layout',
  needs: ['authentication', 'version'],
  async run(context) {
    const { elastic, config, now } = context;
    const names = privilegeNames(config.index);
    const hidden = context.securityOff === true ? undefined : await missingPrivileges(elastic, { cluster: [], index: ['view_index_metadata'] }, names);
    if (hidden !== undefined && hidden.index.length > 0) {
      return fail('the server hides from these credentials which indices there are', `Grant ${describePrivileges(hidden, names)}.`);
    }
    const state = await readClusterState(elastic, config.index);
    const plan = buildPlan({ name: config.index, requested: config.layout, state, major: context.server?.major, now: now() });
    context.state = state;
    context.plan = plan;
    const step = planned(plan.steps, 'layout');
    if (step?.action === 'conflict') return fail(step.detail, 'Choose one of the ways out that the message names.');
    if (plan.layout === 'single') {
      const index = state.indices.find((each) => each.name === config.index);
      const retention = stringAt(state.policy, 'phases', 'delete', 'min_age') ?? retentionOf(plan.objects);
      const age = timeMs(retention);
      const deadline = index?.createdAt === undefined || index.policy === undefined || age === undefined ? '' : `; ${index.name} goes on ${new Date(index.createdAt + age).toISOString().slice(0, 10)}`;
      return warn(`${lifecycleTrap(config.index, retention)}${deadline}`, 'Move the records into daily indices with `gateway es init --migrate`, or give the index a policy that suits you.');
    }
    return ok(step?.detail ?? plan.layout);
  },
};

/** Every daily index stands behind the alias that searches use. */
export const alias: Check = {
  id: 'alias',
  title: 'Alias',
  needs: ['layout'],
  async run({ config, plan, state }) {
    if (plan === undefined || state === undefined) throw new Error('the check layout leaves a plan');
    if (plan.layout !== 'daily') return skip(`the layout ${plan.layout} has no alias`);
    const step = planned(plan.steps, 'alias');
    if (step?.action === 'update') {
      const outside = state.indices.filter((index) => !index.closed && !index.aliases.includes(config.index)).map((index) => index.name);
      return fail(`${outside.join(', ')} ${outside.length === 1 ? 'stands' : 'stand'} outside the alias ${config.index}, so no search finds the records there`, INIT);
    }
    const days = state.indices.length;
    return ok(days === 0 ? `no index yet: the first record makes it, behind ${config.index}` : `${config.index} stands for ${String(days)} daily ${days === 1 ? 'index' : 'indices'}`);
  },
};

/** The lifecycle policy is there, as documented, and lifecycle management runs. */
export const policy: Check = {
  id: 'policy',
  title: 'Lifecycle policy',
  needs: ['layout'],
  async run({ elastic, config, plan, state }) {
    const step = planned(plan?.steps ?? [], 'policy');
    if (state?.lifecycle === false) return warn('this server has no lifecycle API (_ilm): nothing deletes old indices', 'Delete old indices in another way.');
    if (state?.unreadable.includes('policy') === true) return warn('the credentials may not read the policy', 'Grant the cluster privilege read_ilm.');
    if (step?.action === 'create') return fail(`${step.detail} is not there: old indices are never deleted`, INIT);
    if (step?.action !== 'unchanged') return warn(step?.detail ?? 'unknown', 'Leave it if it is meant so; `gateway es init --force` replaces it.');
    const status = await elastic.request({ method: 'GET', path: '/_ilm/status' });
    const mode = stringAt(status.body, 'operation_mode');
    if (isGood(status) && mode !== undefined && mode !== 'RUNNING') return warn(`${step.detail}, but lifecycle management is ${mode}`, 'POST _ilm/start');
    const explain = await elastic.request({ method: 'GET', path: `/${encodeURIComponent(config.index)}/_ilm/explain`, query: { only_errors: 'true' } });
    const stuck = isGood(explain) ? Object.entries(objectAt(explain.body, 'indices')).filter(([, index]) => stringAt(index, 'step') === 'ERROR').map(([name]) => name) : [];
    if (stuck.length > 0) return warn(`the lifecycle is stuck for ${stuck.join(', ')}`, `GET ${stuck[0] ?? config.index}/_ilm/explain says why; then POST ${stuck.join(',')}/_ilm/retry`);
    return ok(step.detail);
  },
};

/** The index template is there, makes documented indices, and no other one wins. */
export const template: Check = {
  id: 'template',
  title: 'Index template',
  needs: ['layout'],
  async run({ config, plan }) {
    const step = planned(plan?.steps ?? [], 'template');
    if (plan === undefined || step === undefined) throw new Error('the check layout leaves a plan');
    if (plan.shadowed) return fail(step.detail, 'Narrow the pattern of that template or lower its priority.');
    if (step.action === 'create') return fail(`${step.detail} is not there: new indices would be mapped by guessing`, INIT);
    if (step.action === 'unchanged') return ok(step.detail);
    if (plan.template === undefined) return fail(step.detail, 'Choose another ELASTICSEARCH_INDEX.');
    const drift = mappingDrift(objectAt(plan.template, 'template', 'mappings'), plan.objects.mapping);
    const usable = isSafeToWrite(drift) && templateLayout(plan.template, config.index) === plan.layout;
    if (!usable) return fail(step.detail, step.action === 'update' ? INIT : '`gateway es init --force` replaces it.');
    return warn(step.detail, step.action === 'update' ? INIT : 'Leave it if it is meant so; `gateway es init --force` replaces it.');
  },
};

/** The live indices are mapped as documented. */
export const mapping: Check = {
  id: 'mapping',
  title: 'Mapping',
  needs: ['layout'],
  async run({ config, plan, state, now }: CheckContext) {
    if (plan === undefined || state === undefined) throw new Error('the check layout leaves a plan');
    const wanted = plan.objects.mapping;
    const current = currentIndex(state.indices, config.index, plan.layout, now());
    if (state.indices.length === 0) return ok('no index yet: the template makes it');
    const drifted = state.indices.map((index) => ({ index, drift: mappingDrift(index.mapping, wanted) })).filter(({ drift }) => !isDocumented(drift));
    const bad = drifted.find(({ index, drift }) => index === current && !isSafeToWrite(drift)) ?? drifted.find(({ drift }) => drift.wrong.length > 0);
    if (bad !== undefined) {
      const fix = bad.drift.wrong.length === 0 ? INIT : `Types of an existing index cannot be changed: ${plan.layout === 'single' ? 'move its records with `gateway es init --migrate`, ' : ''}choose another ELASTICSEARCH_INDEX, or copy its records elsewhere, delete it yourself and run \`gateway es init\`.`;
      return fail(`${bad.index.name} was not made by the template (${describeDrift(bad.drift)})`, fix);
    }
    const first = drifted[0];
    if (first !== undefined) return warn(`${first.index.name}: ${describeDrift(first.drift)}`, INIT);
    const dynamic = current === undefined ? '' : `; ${current.name} is today's`;
    return ok(`as documented on ${String(state.indices.length)} ${state.indices.length === 1 ? 'index' : 'indices'}${dynamic}`);
  },
};

function planned(steps: readonly InitStep[], id: StepId): InitStep | undefined {
  return steps.find((step) => step.id === id);
}
