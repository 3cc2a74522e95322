import type { Layout } from '../../domain/elastic-names.js';
import type { MigrationResult } from './move-index.js';
import { UNDO, type MigrationPlan } from './migration-plan.js';
import { describeRoom } from './shard-room.js';

/** What a move would do, for whoever has to decide about it. */
export function explanation(index: string, { records, days, room }: MigrationPlan): string {
  const span = days === undefined ? 'whose days cannot be told beforehand' : `of ${String(days.count)} days, ${days.first} to ${days.last}`;
  return `${index} is one index with ${String(records)} records ${span}. The lifecycle policy deletes it whole; daily indices go day by day.

What --migrate --yes does:
  1. puts the lifecycle policy and an index template for ${index}-YYYY-MM-DD;
  2. blocks writing to ${index} while it copies (what sends records meanwhile must keep them: gateway serve does);
  3. copies every record under its old _id into the index of its day (create only: run it again, and it goes on);
  4. asks for every old _id whether its day has it, and lifts the block.
With --delete-old as well, and only if nothing is missing:
  5. deletes ${index} and makes ${index} the alias of the daily indices, in one request, so that every search goes on; a
     gateway that is running goes on with the daily indices within a minute.
Until step 5 searches of ${index} see the old index only, and patterns such as ${index}* see both. The copies live for a whole
retention from today on. It needs disk space for a second copy, and one shard a day.${room === undefined ? '' : ` ${describeRoom(room)}.`}
${UNDO}. Nothing was changed now.`;
}

/** What a move has done. */
export function outcome(index: string, result: MigrationResult, layout: Layout | undefined): string {
  const lines = [`${String(result.copied)} ${result.copied === 1 ? 'record' : 'records'} copied, ${String(result.present)} were there already, ${String(result.refusedCount)} refused.`];
  for (const { id, reason } of result.refused) lines.push(`  refused: ${id} (${reason})`);
  if (result.missing > 0) lines.push(`${String(result.missing)} records of ${index} are in no daily index, so nothing was deleted. Correct or delete them in ${index}, and run it again. ${UNDO}.`);
  else if (result.swapped) {
    lines.push(`Every record is in the index of its day. ${index} is now their alias, and the old index is gone.`);
    if (layout !== undefined && layout !== 'daily') lines.push(`Now remove ELASTICSEARCH_LAYOUT=${layout} from the settings of the gateway, and restart it.`);
    else lines.push('A gateway that is running goes on with the daily indices within a minute; restart one of an earlier version.');
  }
  else lines.push(`Every record is in the index of its day. ${index} itself is as before; --migrate --yes --delete-old puts the alias in its place. ${UNDO}.`);
  return lines.join('\n');
}
