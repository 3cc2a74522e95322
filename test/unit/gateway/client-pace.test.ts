import { expect } from 'chai';
import { ClientPace } from '../../../src/gateway/client-pace.js';

describe('the pace of a client', () => {
  it('is too slow where its body comes at less than 500 bytes a second, the grace aside', () => {
    const pace = new ClientPace(0);
    expect(pace.sendsTooSlowly(60_000, 30, true, 60_000)).to.equal(false);
    expect(pace.sendsTooSlowly(60_059, 30, true, 60_000)).to.equal(false);
    expect(pace.sendsTooSlowly(60_061, 30, true, 60_000)).to.equal(true);
    expect(pace.sendsTooSlowly(60_062, 100_000, true, 60_000)).to.equal(false);
  });
  it('is not slow while it waits for the provider, or where the limit is off', () => {
    const pace = new ClientPace(0);
    expect(pace.sendsTooSlowly(500_000, 1, false, 60_000)).to.equal(false);
    expect(pace.sendsTooSlowly(501_000, 1, true, 60_000)).to.equal(false);
    expect(pace.sendsTooSlowly(900_000, 1, true, 0)).to.equal(false);
  });
  it('is too slow where it takes nothing of an answer that waits for it', () => {
    const pace = new ClientPace(0);
    expect(pace.readsTooSlowly(1_000, 500, 100)).to.equal(false);
    expect(pace.readsTooSlowly(1_100, 500, 100)).to.equal(false);
    expect(pace.readsTooSlowly(1_101, 500, 100)).to.equal(true);
    expect(pace.readsTooSlowly(1_102, 499, 100)).to.equal(false);
    expect(pace.readsTooSlowly(2_000, 499, 0)).to.equal(false);
  });
  it('is not slow while nothing waits for it', () => {
    const pace = new ClientPace(0);
    for (const now of [1_000, 10_000, 100_000]) expect(pace.readsTooSlowly(now, 0, 100)).to.equal(false);
    expect(pace.readsTooSlowly(100_050, 7, 100)).to.equal(false);
  });
});
