import type { ElasticsearchConfig } from '../config/config.js';
import type { Elastic } from './client.js';
import { applyPlan, type OnStep } from './init-apply.js';
import type { ObjectOptions } from './init-options.js';
import { planInit } from './init-plan.js';
import type { InitPlan } from './init-step.js';
import { roleSteps } from './role-steps.js';

export interface InitOptions {
  readonly force: boolean;
  /** Read and plan only. */
  readonly dryRun: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly options?: ObjectOptions;
  /** Also make the roles. */
  readonly roles?: boolean;
  /** Told the plan before anything else is done with it. */
  readonly onPlan?: (plan: InitPlan) => Promise<void>;
  readonly onStep?: OnStep;
  /** Asked before anything is changed; false leaves everything as it is. */
  readonly confirm?: (plan: InitPlan) => Promise<boolean>;
}

export interface InitOutcome {
  readonly plan: InitPlan;
  readonly changed: boolean;
  /** No step is in conflict, and nobody said no. */
  readonly ok: boolean;
}

/** What `gateway es init` does: plan, and unless it is a dry run, apply. Throws Failures. */
export async function runInit(elastic: Elastic, config: Pick<ElasticsearchConfig, 'index' | 'layout'>, options: InitOptions): Promise<InitOutcome> {
  const plan = await wholePlan(elastic, config, options);
  await options.onPlan?.(plan);
  const ok = plan.steps.every((step) => step.action !== 'conflict');
  if (options.dryRun) return { plan, changed: false, ok };
  if (options.confirm !== undefined && !(await options.confirm(plan))) return { plan, changed: false, ok: false };
  return { plan, changed: await applyPlan(elastic, plan, options.onStep), ok };
}

async function wholePlan(elastic: Elastic, config: Pick<ElasticsearchConfig, 'index' | 'layout'>, { force, now, options, roles }: InitOptions): Promise<InitPlan> {
  const plan = await planInit(elastic, config, { force, now, ...(options !== undefined && { options }) });
  if (roles !== true) return plan;
  return { ...plan, steps: [...plan.steps, ...(await roleSteps(elastic, config.index, force))] };
}
