import { isGood } from '../answers.js';
import { besideOurs, pipelinesOf, readClusterState, type LiveIndex } from '../cluster-state.js';
import { currentIndex, waysOut } from '../init-steps.js';
import { buildPlan } from '../init-plan.js';
import type { InitPlan, InitStep, StepId } from '../init-step.js';
import { at, objectAt, stringAt } from '../json.js';
import { retentionOf } from '../managed-objects.js';
import { describeDrift, isBehind, isDocumented, isSafeToWrite, mappingDrift } from '../mapping-drift.js';
import { timeMs } from '../normalise.js';
import { describePrivileges, missingPrivileges, privilegeNames } from '../privileges.js';
import { lifecycleTrap, NEVER, templateLayout } from '../resolve-layout.js';
import { describePipelines } from './pipelines.js';
import { type Check, type CheckContext, fail, type Finding, ok, skip, warn } from './check.js';

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
    const plan = buildPlan({ name: config.index, requested: config.layout, state, major: context.server?.major, serverless: context.server?.serverless ?? false, now: now() });
    context.state = state;
    context.plan = plan;
    const step = planned(plan.steps, 'layout');
    if (step?.action === 'conflict') return fail(step.detail, 'Choose one of the ways out that the message names.');
    if (plan.layout === 'single') {
      const index = state.indices.find((each) => each.name === config.index);
      const retention = stringAt(state.policy, 'phases', 'delete', 'min_age') ?? retentionOf(plan.objects);
      const kept = index !== undefined && (index.policy === undefined || !state.lifecycle);
      const age = timeMs(retention);
      const deadline = index?.createdAt === undefined || index.policy === undefined || age === undefined ? '' : `; ${index.name} goes on ${new Date(index.createdAt + age).toISOString().slice(0, 10)}`;
      return warn(`${lifecycleTrap(config.index, kept ? NEVER : retention)}${deadline}`, 'Move the records into daily indices with `gateway es init --migrate`, or give the index a policy that suits you.');
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
      return fail(`${outside.join(', ')} ${outside.length === 1 ? 'is' : 'are'} outside the alias ${config.index}, so no search finds the records there`, INIT);
    }
    if (step?.action === 'conflict' && state.indices.some((index) => index.limited)) return fail(step.detail, 'Run `gateway es init --force`.');
    const days = state.indices.length;
    const seen = `${config.index} stands for ${String(days)} daily ${days === 1 ? 'index' : 'indices'}`;
    const { foreign, hidden } = besideOurs(state, config.index);
    if (foreign.length > 0) {
      return warn(`${seen}, and also for ${foreign.join(', ')}: searches and reports read those too, and fail where they are mapped in another way`,
        `Leave it if it is meant so; else POST _aliases {"actions":[${foreign.map((index) => JSON.stringify({ remove: { index, alias: config.index } })).join(',')}]}`);
    }
    if (hidden.length > 0) {
      return warn(`${seen}, but what ${hidden.join(', ')} ${hidden.length === 1 ? 'has' : 'have'} cannot be checked, and takes no new records: the metadata are blocked`,
        `PUT ${hidden.join(',')}/_settings {"index.blocks.metadata":null}`);
    }
    const closed = state.indices.filter((index) => index.closed).map((index) => index.name);
    if (closed.length > 0) return warn(`${seen}, but searches and reports leave out ${closed.join(', ')}, which ${closed.length === 1 ? 'is' : 'are'} closed`, `POST ${closed.join(',')}/_open`);
    return ok(days === 0 ? `no index yet: the first record makes it, behind ${config.index}` : seen);
  },
};

/** The lifecycle policy is there, as documented, and lifecycle management runs. */
export const policy: Check = {
  id: 'policy',
  title: 'Lifecycle policy',
  needs: ['layout'],
  async run({ elastic, config, plan, state, server }) {
    const step = planned(plan?.steps ?? [], 'policy');
    if (state?.lifecycle === false) {
      return warn('this server has no lifecycle API (_ilm): nothing deletes old indices', server?.serverless === true
        ? 'On a serverless project use ELASTICSEARCH_LAYOUT=data-stream with a lifecycle of the stream: PUT _data_stream/NAME/_lifecycle {"data_retention":"30d"}.'
        : 'Delete old indices in another way.');
    }
    if (state?.unreadable.includes('policy') === true) return warn('the credentials may not read the policy', 'Grant the cluster privilege read_ilm.');
    if (step?.action === 'create') return fail(`${step.detail} is not there: old indices are never deleted`, INIT);
    if (step?.action === 'update') return warn(step.detail, INIT);
    if (step?.action !== 'unchanged') return warn(step?.detail ?? 'unknown', 'Leave it if it is meant so; `gateway es init --force` replaces it.');
    const status = await elastic.request({ method: 'GET', path: '/_ilm/status' });
    const mode = stringAt(status.body, 'operation_mode');
    if (isGood(status) && mode !== undefined && mode !== 'RUNNING') return warn(`${step.detail}, but lifecycle management is ${mode}`, 'POST _ilm/start');
    const explain = await elastic.request({ method: 'GET', path: `/${encodeURIComponent(config.index)}/_ilm/explain`, query: { only_errors: 'true' } });
    const stuck = isGood(explain) ? Object.entries(objectAt(explain.body, 'indices')).filter(([, index]) => stringAt(index, 'step') === 'ERROR').map(([name]) => name) : [];
    if (stuck.length > 0) return warn(`the lifecycle is stuck for ${stuck.join(', ')}`, `GET ${stuck[0] ?? config.index}/_ilm/explain says why; then POST ${stuck.join(',')}/_ilm/retry`);
    return unmanaged(state?.indices ?? [], plan) ?? ok(step.detail);
  },
};

/** Indices that the policy does not delete, for they do not name it. */
function unmanaged(indices: readonly LiveIndex[], plan: InitPlan | undefined): Finding | undefined {
  const policyName = plan?.objects.names.policy ?? '';
  const free = indices.filter((index) => index.policy === undefined).map((index) => index.name);
  if (free.length > 0) {
    const fix = plan?.layout === 'single' ? 'Move the records into daily indices with `gateway es init --migrate`: those are deleted day by day.'
      : `PUT ${free.join(',')}/_settings {"index.lifecycle.name":"${policyName}"}, if they are to be deleted when they are old.`;
    return warn(`nothing ever deletes ${free.join(', ')}: ${free.length === 1 ? 'the index has' : 'these indices have'} no lifecycle policy`, fix);
  }
  const others = indices.filter((index) => index.policy !== policyName).map((index) => `${index.name} (${index.policy ?? ''})`);
  return others.length === 0 ? undefined : warn(`other policies than ${policyName} decide about ${others.join(', ')}`, `Leave it if it is meant so; else PUT INDEX/_settings {"index.lifecycle.name":"${policyName}"}.`);
}

/** The index template is there, makes documented indices, and no other one wins. */
export const template: Check = {
  id: 'template',
  title: 'Index template',
  needs: ['layout'],
  async run({ config, plan }) {
    const step = planned(plan?.steps ?? [], 'template');
    if (plan === undefined || step === undefined) throw new Error('the check layout leaves a plan');
    if (plan.shadowed) return fail(step.detail, 'Narrow the pattern of that template or lower its priority.');
    if (at(plan.template, 'allow_auto_create') === false) return fail('the template does not let a record make the index of its day (allow_auto_create is false)', 'Run `gateway es init --force`: it replaces the template.');
    if (step.action === 'create') return fail(`${step.detail} is not there: new indices would be mapped by guessing`, INIT);
    if (step.action === 'unchanged') return ok(step.detail);
    if (plan.template === undefined) return fail(step.detail, 'Choose another ELASTICSEARCH_INDEX.');
    const pipelines = pipelinesOf(at(plan.template, 'template', 'settings'));
    const drift = mappingDrift(objectAt(plan.template, 'template', 'mappings'), plan.objects.mapping);
    const usable = isSafeToWrite(drift) && templateLayout(plan.template, config.index) === plan.layout;
    if (!usable) return fail(step.detail, step.action === 'update' ? INIT : 'Run `gateway es init --force`: it replaces the template.');
    if (pipelines.length > 0) return warn(`records of new indices go through ${describePipelines(pipelines)} first: it can change, move or drop them`, `Leave it if it is meant so, and look at the check write; else remove ${pipelines.map(({ setting }) => setting).join(' and ')} from the template (\`gateway es init --force\`).`);
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
      const fix = bad.drift.wrong.length === 0 ? INIT : `The mapping of an existing index cannot be changed. ${waysOut(config.index, plan.layout)}.`;
      return fail(`${bad.index.name} does not have the mapping of the template (${describeDrift(bad.drift)})`, fix);
    }
    const first = drifted[0];
    if (first !== undefined) {
      return warn(`${first.index.name}: ${describeDrift(first.drift)}`, isBehind(first.drift) ? INIT : 'Leave it if it is meant so; else set it back in the index (PUT INDEX/_mapping) where the server lets you, and in the template (`gateway es init --force`).');
    }
    const dynamic = current === undefined ? '' : `; ${current.name} is today's`;
    return ok(`as documented on ${String(state.indices.length)} ${state.indices.length === 1 ? 'index' : 'indices'}${dynamic}`);
  },
};

function planned(steps: readonly InitStep[], id: StepId): InitStep | undefined {
  return steps.find((step) => step.id === id);
}
