import { expect } from 'chai';
import { Pools } from '../../../src/gateway/pools.js';

describe('connection pools', () => {
  it('are one per origin', () => {
    const pools = new Pools({ connectTimeoutMs: 0, configured: [], maxConnections: 100 });
    expect(pools.get('http://127.0.0.1:1')).to.equal(pools.get('http://127.0.0.1:1')).and.not.equal(pools.get('http://127.0.0.1:2'));
    pools.close();
  });
  it('are bounded, whatever regions clients name', () => {
    const pools = new Pools({ connectTimeoutMs: 0, configured: [], maxConnections: 100 });
    for (let i = 0; i < 300; i++) pools.get(`https://bedrock-runtime.aa-${i}.amazonaws.com`);
    expect(pools.size).to.be.at.most(64);
    expect(pools.get('https://bedrock-runtime.aa-299.amazonaws.com').closed).to.equal(false);
    pools.close();
  });
  it('of configured origins stay, and of the others the one that was not used for longest goes', () => {
    const region = (i: number): string => `https://bedrock-runtime.aa-${i}.amazonaws.com`;
    const pools = new Pools({ connectTimeoutMs: 0, configured: ['https://api.openai.com'], maxConnections: 100 });
    const configured = pools.get('https://api.openai.com');
    const hot = pools.get(region(0));
    for (let i = 1; i < 200; i++) {
      pools.get(region(i));
      expect(pools.get(region(0))).to.equal(hot);
    }
    expect(pools.get('https://api.openai.com')).to.equal(configured);
    expect([configured.closed, hot.closed]).to.deep.equal([false, false]);
    expect(pools.get(region(1))).to.have.property('closed', false);
    pools.close();
  });
});
