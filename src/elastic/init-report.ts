import type { InitPlan, StepAction } from './init-step.js';

/** What `gateway es init --json` prints; the shape is fixed. */
export interface InitReport {
  readonly changed: boolean;
  readonly steps: readonly { readonly id: string; readonly action: StepAction; readonly detail: string }[];
}

export function initReport(plan: InitPlan, changed: boolean): InitReport {
  return { changed, steps: plan.steps.map(({ id, action, detail }) => ({ id, action, detail })) };
}
