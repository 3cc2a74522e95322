import { isGood } from '../answers.js';
import { numberAt, objectAt, stringAt } from '../json.js';
import { type Check, ok, skip, warn } from './check.js';

const TOLERATED_MS = 10_000;

/** The clocks of this machine and the nodes agree: indices are named by the day. */
export const clock: Check = {
  id: 'clock',
  title: 'Clock',
  needs: ['authentication'],
  async run({ elastic, now, server }) {
    if (server?.serverless === true) return skip('a serverless project shows no nodes');
    const before = now();
    const answer = await elastic.request({ method: 'GET', path: '/_nodes/stats/os', query: { filter_path: 'nodes.*.name,nodes.*.os.timestamp' } });
    const after = now();
    if (!isGood(answer)) return skip('the credentials may not ask the nodes for the time', 'Grant the cluster privilege monitor.');
    const skews = Object.values(objectAt(answer.body, 'nodes')).flatMap((node) => {
      const theirs = numberAt(node, 'os', 'timestamp');
      // Anything between question and answer is no difference.
      return theirs === undefined ? [] : [{ name: stringAt(node, 'name') ?? 'a node', ms: theirs < before ? theirs - before : Math.max(0, theirs - after) }];
    });
    const worst = skews.reduce<{ name: string; ms: number } | undefined>((most, each) => (most === undefined || Math.abs(each.ms) > Math.abs(most.ms) ? each : most), undefined);
    if (worst === undefined) return skip('no node told its time');
    const seconds = `${(Math.abs(worst.ms) / 1000).toFixed(1)} s`;
    if (Math.abs(worst.ms) <= TOLERATED_MS) return ok(worst.ms === 0 ? 'the clocks agree' : `the clocks differ by ${seconds}`);
    return warn(`the clock of ${worst.name} is ${seconds} ${worst.ms > 0 ? 'ahead of' : 'behind'} this machine's: records near midnight go to another day, and searches by time miss some`, 'Synchronise both by NTP.');
  },
};
