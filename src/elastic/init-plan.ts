import type { ElasticsearchConfig } from '../config/config.js';
import type { Layout } from '../domain/elastic-names.js';
import type { Elastic } from './client.js';
import { type ClusterState, readClusterState } from './cluster-state.js';
import { checkIndexName } from './index-name.js';
import { recordedOptions, type ObjectOptions } from './init-options.js';
import { aliasStep, indexStep, isShortened, mappingStep, policyStep, templateStep, type StepInput } from './init-steps.js';
import { managedMeta } from './managed-meta.js';
import { managedObjects, retentionOf } from './managed-objects.js';
import { NEVER, resolveLayout } from './resolve-layout.js';
import { requireElasticsearch } from './server-info.js';
import { at, stringAt } from './json.js';
import { isChange, type InitPlan, type InitStep } from './init-step.js';

export interface PlanOptions {
  /** Replace objects that somebody has edited. */
  readonly force?: boolean;
  /** Milliseconds since the epoch: which day's index is today's. */
  readonly now: number;
  /** What is chosen now; what was chosen earlier holds for the rest. */
  readonly options?: ObjectOptions;
}

/**
 * Reads what is there and says what has to be done; puts nothing. Throws a Failure for a bad name
 * (before any request), for something that is no supported Elasticsearch, and for what may not be read.
 */
export async function planInit(elastic: Elastic, config: Pick<ElasticsearchConfig, 'index' | 'layout'>, options: PlanOptions): Promise<InitPlan> {
  checkIndexName(config.index);
  const server = await requireElasticsearch(elastic);
  const state = await readClusterState(elastic, config.index);
  return buildPlan({ name: config.index, requested: config.layout, state, major: server.major, serverless: server.serverless, ...options });
}

export interface PlanInput extends PlanOptions {
  readonly name: string;
  readonly requested: Layout | undefined;
  readonly state: ClusterState;
  /** Major version of the server, where it is known. */
  readonly major: number | undefined;
  readonly serverless?: boolean;
}

/** The plan as a pure function of what is there. */
export function buildPlan(input: PlanInput): InitPlan {
  const { name, requested, state, serverless = false } = input;
  const ours = managedMeta(state.template, MANAGED_BY) === undefined ? undefined : state.template;
  const options: ObjectOptions = { ...recordedOptions(state.policy), ...recordedOptions(state.template), ...input.options };
  const traits = { lifecycle: state.lifecycle, serverless };
  const retention = input.options?.retention ?? stringAt(state.policy, 'phases', 'delete', 'min_age') ?? options.retention;
  const resolution = resolveLayout(name, requested, state.holder, ours, expiryOf(input, retention));
  const stopped = (layout: Layout, detail: string): InitPlan => ({
    name, layout, ...traits, template: state.template, shadowed: false,
    objects: managedObjects(name, layout, { ...traits, options }), steps: [layoutStep('conflict', detail)], warnings: [],
  });
  if ('conflict' in resolution) return stopped(requested ?? 'daily', resolution.conflict);
  const { layout } = resolution;
  if (layout === 'data-stream' && input.major === 7) {
    return stopped(layout, 'the layout data-stream needs Elasticsearch 8 or 9, and this server is 7.17. Nothing was changed. Use ELASTICSEARCH_LAYOUT=daily.');
  }
  const { rollover = [] } = state;
  if (layout === 'daily' && ours === undefined && rollover.length > 0) return stopped(layout, rolloverConflict(name, rollover));
  const warnings: string[] = [];
  if (rollover.length > 0) warnings.push(`${name} is also the rollover alias of ${rollover.join(', ')}: that rollover fails as long as the template of the gateway puts its indices behind ${name}`);
  if (resolution.warning !== undefined) warnings.push(resolution.warning);
  if (!state.lifecycle) warnings.push(`this server has no lifecycle API (_ilm), so no policy was made and the template names none: ${serverless ? 'in the layout data-stream, give the stream a lifecycle of its own (PUT _data_stream/NAME/_lifecycle); else old indices have to be deleted by hand' : 'old indices have to be deleted in another way'}`);
  const unused = (['shards', 'replicas', 'codec'] as const).filter((option) => serverless && input.options?.[option] !== undefined);
  if (unused.length > 0) warnings.push(`a serverless project decides about ${unused.join(', ')} on its own, so nothing was set`);
  if (layout === 'data-stream') warnings.push('in the layout data-stream a record that is sent again after a rollover is stored twice: its protection against duplicates is weaker than that of daily');
  const stepInput: StepInput = {
    name, layout, state,
    objects: managedObjects(name, layout, { ...traits, options }),
    chosen: input.options !== undefined && Object.keys(input.options).length > 0,
    force: input.force ?? false,
    now: input.now,
  };
  const policy = policyStep(stepInput);
  if (policy.action === 'update' && isShortened(state.policy, stepInput.objects)) warnings.push(`the server will delete records after ${retentionOf(stepInput.objects)} instead of ${stringAt(state.policy, 'phases', 'delete', 'min_age') ?? 'never'}, those that are there already too`);
  const template = templateStep(stepInput);
  warnings.push(...template.warnings);
  const steps: InitStep[] = [layoutStep('unchanged', `${layout}: ${resolution.reason}${resolution.warning === undefined ? '' : `. Warning: ${resolution.warning}`}`)];
  steps.push(policy, template.step, indexStep(stepInput));
  if (layout === 'daily') steps.push(aliasStep(stepInput));
  steps.push(mappingStep(stepInput));
  return {
    name, layout, ...traits, template: state.template, shadowed: template.shadowed, objects: stepInput.objects,
    steps: steps.map((step) => holdBack(step, steps)), warnings,
  };
}

/** The mark in `_meta.managed_by`, as templates/elasticsearch has it. */
export const MANAGED_BY = String(at(managedObjects('ai-gateway-metrics', 'daily').template, '_meta', 'managed_by'));

function layoutStep(action: 'unchanged' | 'conflict', detail: string): InitStep {
  return { id: 'layout', action, detail, requests: [] };
}

/** A step whose ground is in conflict is not done: an index made under a foreign template would be mapped wrongly for good. */
function holdBack(step: InitStep, steps: readonly InitStep[]): InitStep {
  if (step.needs === undefined || (!isChange(step) && step.comes !== true)) return step;
  const blocking = steps.find((other) => other.id === step.needs && other.action === 'conflict');
  if (blocking === undefined) return step;
  return { ...step, action: 'conflict', detail: `waits for ${blocking.id}, which is in conflict (${step.detail})`, requests: [] };
}

/** When the index NAME of the layout single is deleted: an age, or never where it has no lifecycle. */
function expiryOf({ name, state }: PlanInput, retention: string | undefined): string | undefined {
  const index = state.indices.find((each) => each.name === name);
  return !state.lifecycle || (index !== undefined && index.policy === undefined) ? NEVER : retention;
}

function rolloverConflict(name: string, rollover: readonly string[]): string {
  const some = rollover.slice(0, 3).join(', ') + (rollover.length > 3 ? ', …' : '');
  return `${name} is the rollover alias of ${some}. The template of the gateway would put its own indices behind that alias too, and the rollover would fail from then on. `
    + `Nothing was changed. Ways out: choose another ELASTICSEARCH_INDEX for the gateway; or, where nothing writes to that rollover any more, remove the alias ${name} and index.lifecycle.rollover_alias from its indices and templates and run this again.`;
}
