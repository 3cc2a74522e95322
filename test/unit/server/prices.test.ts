import { expect } from 'chai';
import { loadConfig } from '../../../src/config/load.js';
import { upstreamsFrom } from '../../../src/gateway/create.js';
import type { Logger } from '../../../src/server/logger.js';
import { LivePrices } from '../../../src/server/prices.js';

const usage = { inputTokens: 1, outputTokens: 1 };

describe('the prices of the server', () => {
  it('warn once of each model without a price, and count the calls', async () => {
    const config = loadConfig({ env: {} });
    const warnings: object[] = [];
    const logger = { warn: (fields: object) => { warnings.push(fields); } } as unknown as Logger;
    const prices = await LivePrices.load({ config, upstreams: upstreamsFrom((name) => config.variable(name)), logger });
    for (let i = 0; i < 3; i++) {
      expect(prices.price({ provider: 'openai', model: 'nobody-knows', usage, at: Date.now() })).to.equal(undefined);
      expect(prices.price({ provider: 'xai', model: 'grok-4', usage, at: Date.now() })?.source).to.equal('genai-prices');
    }
    expect(warnings).to.deep.equal([{ provider: 'openai', model: 'nobody-knows' }]);
    expect(prices.unpriced()).to.equal(3);
    (await prices.prepare(config))();
    expect(prices.unpriced(), 'never falls').to.equal(3);
  });
});
