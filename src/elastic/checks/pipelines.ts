import type { Pipeline } from '../cluster-state.js';

/** `the ingest pipeline p1 (index.default_pipeline)`, for a sentence. */
export function describePipelines(pipelines: readonly Pipeline[]): string {
  return `the ingest ${pipelines.length === 1 ? 'pipeline' : 'pipelines'} ${pipelines.map(({ name, setting }) => `${name} (${setting})`).join(' and ')}`;
}
