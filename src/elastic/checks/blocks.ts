import { isGood } from '../answers.js';
import { currentIndex } from '../init-steps.js';
import { at } from '../json.js';
import { describePipelines } from './pipelines.js';
import { type Check, fail, ok, warn } from './check.js';

const WRITE_BLOCKS = ['write', 'read_only', 'read_only_allow_delete'];

/** Nothing forbids writing to today's index, or searching any. */
export const blocks: Check = {
  id: 'blocks',
  title: 'Blocks',
  needs: ['layout'],
  async run({ elastic, config, state, plan, now }) {
    if (state === undefined || plan === undefined) throw new Error('the check layout leaves what is there');
    const settings = await elastic.request({ method: 'GET', path: '/_cluster/settings', query: { filter_path: '*.cluster.blocks' } });
    for (const block of ['read_only', 'read_only_allow_delete']) {
      const source = isGood(settings) ? ['transient', 'persistent'].find((each) => String(at(settings.body, each, 'cluster', 'blocks', block)) === 'true') : undefined;
      if (source !== undefined) return fail(`the whole cluster is read-only (cluster.blocks.${block})`, `PUT _cluster/settings {"${source}":{"cluster.blocks.${block}":null}}`);
    }
    const current = currentIndex(state.indices, config.index, plan.layout, now());
    if (current?.closed === true) return fail(`${current.name} is closed`, `POST ${current.name}/_open`);
    const blocked = current?.blocks.find((block) => WRITE_BLOCKS.includes(block));
    if (current !== undefined && blocked !== undefined) {
      const why = blocked === 'read_only_allow_delete' ? ', which the server sets when a disk is full' : '';
      return fail(`${current.name} may not be written to (index.blocks.${blocked}${why})`, `${why === '' ? '' : 'Free disk space; then '}PUT ${current.name}/_settings {"index.blocks.${blocked}":null}`);
    }
    const pipelines = current?.pipelines ?? [];
    if (current !== undefined && pipelines.length > 0) {
      return warn(`records for ${current.name} go through ${describePipelines(pipelines)} first: it can change, move or drop them`,
        `Leave it if it is meant so, and look at the check write; else PUT ${current.name}/_settings {${pipelines.map(({ setting }) => `"${setting}":null`).join(',')}}`);
    }
    const unread = state.indices.filter((index) => index.blocks.includes('read')).map((index) => index.name);
    if (unread.length > 0) return warn(`${unread.join(', ')} may not be searched (index.blocks.read)`, `PUT ${unread.join(',')}/_settings {"index.blocks.read":null}`);
    return ok('no block on the cluster or on the current index');
  },
};
