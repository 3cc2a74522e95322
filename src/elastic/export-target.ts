import type { ElasticsearchConfig } from '../config/config.js';
import type { Layout } from '../domain/elastic-names.js';
import { EXIT, Failure } from '../domain/failure.js';
import type { Elastic } from './client.js';
import { readClusterState } from './cluster-state.js';
import { resolveLayout } from './resolve-layout.js';
import { requireElasticsearch } from './server-info.js';

/**
 * Which cluster this is, and in which layout it keeps the records; changes nothing.
 *
 * @throws Failure
 */
export async function exportTarget(elastic: Elastic, config: Pick<ElasticsearchConfig, 'index' | 'layout'>): Promise<{ readonly clusterUuid: string | undefined; readonly layout: Layout }> {
  const { clusterUuid } = await requireElasticsearch(elastic);
  const state = await readClusterState(elastic, config.index);
  const resolved = resolveLayout(config.index, config.layout, state.holder, state.template);
  if ('conflict' in resolved) throw new Failure({ code: 'layout_conflict', message: resolved.conflict, fix: 'Choose one of the ways out that the message names.', exitCode: EXIT.failed });
  return { clusterUuid, layout: resolved.layout };
}
