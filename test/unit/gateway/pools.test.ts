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
});
