import type { ElasticsearchConfig } from '../../config/config.js';
import type { Elastic } from '../client.js';
import type { InitReport } from '../init-report.js';
import { requireElasticsearch } from '../server-info.js';
import { planMigration, requireRoom, type MigrationOptions } from './migration-plan.js';
import { explanation, outcome } from './migration-text.js';
import { finishDaily, isUnfinished, moveIndex, type MigrationResult } from './move-index.js';

export interface Migration {
  /** Nothing is left over that should have been moved. */
  readonly ok: boolean;
  readonly report: InitReport & { readonly migration?: { readonly records: number } & Partial<MigrationResult> };
  readonly text: string;
}

/** What `gateway es init --migrate` does: explain, and only where `really` says so move. Throws Failures. */
export async function migrate(elastic: Elastic, config: Pick<ElasticsearchConfig, 'index' | 'layout'>, options: MigrationOptions, really: boolean): Promise<Migration> {
  const { index } = config;
  await requireElasticsearch(elastic);
  const plan = await planMigration(elastic, config, options);
  if (plan === undefined) {
    // A run that ended between the swap and the template of the daily layout.
    if (really && await isUnfinished(elastic, index)) {
      await finishDaily(elastic, config, options);
      const detail = `${index} is the alias of daily indices already; the index template is now that of daily indices`;
      return { ok: true, text: detail, report: { changed: true, steps: [{ id: 'migrate', action: 'update', detail }] } };
    }
    const detail = `${index} is not an index, so there is nothing to move`;
    return { ok: true, text: detail, report: { changed: false, steps: [{ id: 'migrate', action: 'unchanged', detail }] } };
  }
  const { records } = plan;
  if (!really) {
    const text = explanation(index, plan);
    return { ok: true, text, report: { changed: false, steps: [{ id: 'migrate', action: 'unchanged', detail: text }], migration: { records } } };
  }
  requireRoom(index, plan);
  const result = await moveIndex(elastic, config, plan, options);
  if (result.swapped) await finishDaily(elastic, config, options);
  const text = outcome(index, result, config.layout);
  const ok = result.missing === 0;
  return {
    ok, text,
    report: { changed: result.copied > 0 || result.swapped, steps: [{ id: 'migrate', action: ok ? 'update' : 'conflict', detail: text }], migration: { records, ...result } },
  };
}
