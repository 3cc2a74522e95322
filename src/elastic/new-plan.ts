import type { ElasticsearchConfig } from '../config/config.js';
import type { ClusterState } from './cluster-state.js';
import type { ObjectOptions } from './init-options.js';
import { buildPlan } from './init-plan.js';
import type { InitPlan } from './init-step.js';
import { utcDate } from './init-steps.js';
import { newRoles } from './role-steps.js';

const NOTHING: ClusterState = {
  lifecycle: true, policy: undefined, template: undefined, ranks: [], holder: { kind: 'none' }, indices: [], strangers: [], unreadable: [],
};

/** The plan for a cluster that has nothing of ours yet: what `gateway es init --print` shows. Asks no server. */
export function newPlan(
  config: Pick<ElasticsearchConfig, 'index' | 'layout'>,
  { now, options, roles }: { readonly now: number; readonly options: ObjectOptions; readonly roles: boolean },
): { readonly plan: InitPlan; readonly today: string } {
  const plan = buildPlan({ name: config.index, requested: config.layout, state: NOTHING, major: undefined, now, options });
  return { plan: roles ? { ...plan, steps: [...plan.steps, ...newRoles(config.index)] } : plan, today: utcDate(now) };
}
