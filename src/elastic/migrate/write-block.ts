import { isGood, refusal } from '../answers.js';
import type { Elastic } from '../client.js';
import { at } from '../json.js';

/**
 * Works while nothing can be written to the index. A block that was there before stays; one that was set here is
 * lifted again, also after an error, unless `isGone` says of the result that the index is no more.
 */
export async function withWritesBlocked<T>(elastic: Elastic, index: string, isGone: (result: T) => boolean, work: () => Promise<T>): Promise<T> {
  const path = `/${encodeURIComponent(index)}`;
  const settings = await elastic.request({ method: 'GET', path: `${path}/_settings/index.blocks.write` });
  const blockedBefore = String(at(settings.body, index, 'settings', 'index', 'blocks', 'write')) === 'true';
  // This call, unlike the setting, returns only when writes that were under way have ended.
  const blocked = await elastic.request({ method: 'PUT', path: `${path}/_block/write` });
  if (!isGood(blocked)) throw refusal(blocked, `block writing to ${index}`);
  const lift = async (): Promise<void> => {
    if (!blockedBefore) await elastic.request({ method: 'PUT', path: `${path}/_settings`, body: { 'index.blocks.write': null } });
  };
  try {
    // What was written a moment ago must be found by the search that reads everything.
    const refreshed = await elastic.request({ method: 'POST', path: `${path}/_refresh` });
    if (!isGood(refreshed)) throw refusal(refreshed, `refresh ${index}`);
    const result = await work();
    if (!isGone(result)) await lift();
    return result;
  } catch (error) {
    await lift();
    throw error;
  }
}
