import { expect } from 'chai';
import type { ErrorType } from '../../../src/domain/error-types.js';
import { Sweeper, type Expirable } from '../../../src/gateway/sweeper.js';

class Fake implements Expirable {
  place = -1;
  readonly ends: ErrorType[] = [];
  readonly sweeper: Sweeper;
  due: ErrorType | undefined;
  constructor(sweeper: Sweeper) { this.sweeper = sweeper; }
  overdue(): ErrorType | undefined { return this.due; }
  expire(reason: ErrorType): void { this.ends.push(reason); this.sweeper.delete(this); }
}

describe('the sweeper', () => {
  it('ends what is overdue, once, and lets the rest run', async () => {
    const sweeper = new Sweeper([20, 0]);
    const [late, fine] = [new Fake(sweeper), new Fake(sweeper)];
    sweeper.add(late);
    sweeper.add(fine);
    late.due = 'upstream_timeout_idle';
    while (late.ends.length === 0) await new Promise((resolve) => { setTimeout(resolve, 5); });
    await new Promise((resolve) => { setTimeout(resolve, 30); });
    expect([late.ends, fine.ends, sweeper.size]).to.deep.equal([['upstream_timeout_idle'], [], 1]);
    sweeper.stop();
  });
  it('keeps every exchange exactly once, in whatever order they come and go', () => {
    const sweeper = new Sweeper([]);
    const all = Array.from({ length: 6 }, () => new Fake(sweeper));
    for (const exchange of all) sweeper.add(exchange);
    sweeper.add(all[0] as Fake);
    for (const gone of [5, 0, 2, 2]) sweeper.delete(all[gone] as Fake);
    sweeper.add(all[2] as Fake);
    expect(sweeper.size).to.equal(4);
    sweeper.expireAll('shutting_down');
    expect(all.map(({ ends }) => ends.length)).to.deep.equal([0, 1, 1, 1, 1, 0]);
    expect(sweeper.size).to.equal(0);
    sweeper.stop();
  });
  it('ends all at the deadline, and says when nothing runs', async () => {
    const sweeper = new Sweeper([]);
    await sweeper.idle();
    const running = [new Fake(sweeper), new Fake(sweeper)];
    for (const exchange of running) sweeper.add(exchange);
    let idle = false;
    const waiting = sweeper.idle().then(() => { idle = true; });
    sweeper.delete(running[0] as Fake);
    await Promise.resolve();
    expect(idle).to.equal(false);
    sweeper.expireAll('shutting_down');
    await waiting;
    expect(running.map(({ ends }) => ends)).to.deep.equal([[], ['shutting_down']]);
    sweeper.stop();
  });
});
