import type { ElasticsearchConfig } from '../config/config.js';
import type { Elastic } from './client.js';
import { applyPlan, type OnStep } from './init-apply.js';
import { planInit } from './init-plan.js';
import type { InitPlan } from './init-step.js';

export interface InitOptions {
  readonly force: boolean;
  /** Read and plan only. */
  readonly dryRun: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly onStep?: OnStep;
}

export interface InitOutcome {
  readonly plan: InitPlan;
  readonly changed: boolean;
  /** No step is in conflict. */
  readonly ok: boolean;
}

/** What `gateway es init` does: plan, and unless it is a dry run, apply. Throws Failures. */
export async function runInit(elastic: Elastic, config: Pick<ElasticsearchConfig, 'index' | 'layout'>, options: InitOptions): Promise<InitOutcome> {
  const plan = await planInit(elastic, config, { force: options.force, now: options.now });
  const changed = options.dryRun ? false : await applyPlan(elastic, plan, options.onStep);
  return { plan, changed, ok: plan.steps.every((step) => step.action !== 'conflict') };
}

/** The requests of a plan exactly as they would be sent: a line with method and path, then the body. */
export function requestsText(plan: InitPlan): string {
  const requests = plan.steps.flatMap((step) => step.requests);
  if (requests.length === 0) return 'Nothing would be sent.';
  return requests
    .map(({ method, path, body }) => `${method} ${path}${body === undefined ? '' : `\n${JSON.stringify(body, null, 2)}`}`)
    .join('\n\n');
}
