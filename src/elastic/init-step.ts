import type { Layout } from '../domain/elastic-names.js';
import type { Difference } from './json-diff.js';
import type { ManagedObjects } from './managed-objects.js';
import type { Privileges } from './privileges.js';

export type StepId = 'layout' | 'policy' | 'template' | 'index' | 'alias' | 'mapping' | RoleStepId;
export type RoleStepId = 'role-writer' | 'role-reader' | 'role-admin';
export type StepAction = 'create' | 'unchanged' | 'update' | 'conflict';

/** A request exactly as it is sent. */
export interface PlannedRequest {
  readonly method: 'PUT' | 'POST';
  readonly path: string;
  readonly body?: unknown;
}

/** One thing that `gateway es init` brings about. */
export interface InitStep {
  readonly id: StepId;
  readonly action: StepAction;
  /** What was seen and what is, or would be, done about it. */
  readonly detail: string;
  /** The detail for a table above the differences, which then need not be in it. */
  readonly summary?: string;
  /** Nothing is there yet: it comes with what the step `needs`. */
  readonly comes?: boolean;
  /** Where an object on the server differs from ours; absent where there is none to compare with. */
  readonly differences?: readonly Difference[];
  /** It takes something away: what somebody has edited is replaced, or records are deleted earlier than until now. */
  readonly replaces?: boolean;
  /** Empty unless the action is `create` or `update`. */
  readonly requests: readonly PlannedRequest[];
  /** What the requests need. */
  readonly privileges?: Privileges;
  /** A step that must not be in conflict for this one to be done. */
  readonly needs?: StepId;
}

export interface InitPlan {
  readonly name: string;
  readonly layout: Layout;
  /** False where the server has no lifecycle API. */
  readonly lifecycle: boolean;
  readonly serverless?: boolean;
  /** What is, or would be, put; options that were chosen earlier included. */
  readonly objects: ManagedObjects;
  readonly steps: readonly InitStep[];
  /** Our template as the server has it now; undefined where there is none. */
  readonly template: unknown;
  /** Another template would be used for new indices instead of ours. */
  readonly shadowed: boolean;
  /** What an administrator should know although nothing is wrong. */
  readonly warnings: readonly string[];
}

export function isChange(step: InitStep): boolean {
  return step.action === 'create' || step.action === 'update';
}
