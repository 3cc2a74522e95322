import { expect } from 'chai';
import fc from 'fast-check';
import type { Usage } from '../../../src/domain/usage.js';
import { splitBuckets } from '../../../src/pricing/buckets.js';

const part = fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined });
const usages: fc.Arbitrary<Usage> = fc.record({
  inputTokens: part, outputTokens: part, cachedTokens: part, cacheWriteTokens: part, cacheWrite1hTokens: part,
  inputAudioTokens: part, inputImageTokens: part, reasoningTokens: part, outputAudioTokens: part, outputImageTokens: part,
}).map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)));

describe('token buckets', () => {
  it('are disjoint and sum up to input and output, or are none', () => {
    fc.assert(fc.property(usages, (usage) => {
      const buckets = splitBuckets(usage);
      if (buckets === undefined) return;
      const { input, webSearches, output, reasoning, outputAudio, outputImage, ...inputs } = buckets;
      expect(webSearches).to.equal(0);
      expect(input).to.equal(usage.inputTokens);
      for (const tokens of [output, reasoning, outputAudio, outputImage, ...Object.values(inputs)]) expect(tokens).to.be.at.least(0);
      expect(Object.values(inputs).reduce((a, b) => a + b, 0)).to.equal(usage.inputTokens ?? 0);
      expect(output + reasoning + outputAudio + outputImage).to.equal(usage.outputTokens ?? 0);
    }), { numRuns: 5_000 });
  });

  it('count audio and images as cached only where they must be', () => {
    expect(splitBuckets({ inputTokens: 100, cachedTokens: 60, inputAudioTokens: 50 })).to.deep.include({ fresh: 0, cacheRead: 50, inputAudio: 40, cachedAudio: 10 });
    expect(splitBuckets({ inputTokens: 100, cachedTokens: 60, inputAudioTokens: 30, inputImageTokens: 50 }))
      .to.deep.include({ fresh: 0, cacheRead: 20, inputAudio: 0, cachedAudio: 30, inputImage: 40, cachedImage: 10 });
  });
});
