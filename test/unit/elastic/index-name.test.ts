import { expect } from 'chai';
import { Failure } from '../../../src/domain/failure.js';
import { checkIndexName } from '../../../src/elastic/index-name.js';

function refusalOf(name: string): Failure {
  try {
    checkIndexName(name);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`${name} was accepted`);
}

describe('ELASTICSEARCH_INDEX', () => {
  for (const name of ['ai-gateway-metrics', 'ai-gateway-metrics-staging', 'my_index.v2', 'a1', 'metrics-of-ai', 'größe', 'x'.repeat(233)]) {
    it(`may be ${name.slice(0, 40)}`, () => { checkIndexName(name); });
  }

  const refused: [name: string, why: RegExp][] = [
    ['', /empty/], ['AI-Metrics', /lower case/], ['_metrics-ai', /begin with _/], ['-ai', /begin with -/], ['+ai', /begin with \+/],
    ['.ai', /dot/], ['..', /dot/], ['ai*', /pattern/], ['*', /pattern/], ['a,b', /","/], ['a b', /" "/], ['a/b', /"\/"/], ['a\\b', /must not hold/],
    ['a?b', /"\?"/], ['a"b', /must not hold/], ['a<b', /must not hold/], ['<ai-{now/d}>', /must not hold/], ['a|b', /must not hold/], ['a#b', /must not hold/], ['a:b', /must not hold/],
    ['a\nb', /must not hold/], ['a\u0000b', /must not hold/],
    ['logs', /reserved/], ['metrics', /reserved/], ['traces', /reserved/], ['synthetics', /reserved/],
    ['log', /capture the indices of logs/], ['m', /capture the indices of metrics/], ['file', /filebeat/],
    ['x'.repeat(234), /at most 233 bytes/], ['ö'.repeat(117), /at most 233 bytes/],
  ];
  for (const [name, why] of refused) {
    it(`must not be ${JSON.stringify(name).slice(0, 40)}`, () => {
      const failure = refusalOf(name);
      expect(failure.message).to.match(/^ELASTICSEARCH_INDEX=/).and.match(why);
      expect(failure.exitCode).to.equal(2);
      expect(failure.fix).not.to.equal('');
    });
  }
});
