import { expect } from 'chai';
import { parameter, splitTarget, targetFault } from '../../../src/gateway/target.js';

const fault = (raw: string): string | undefined => targetFault(raw, splitTarget(raw));

describe('the request target', () => {
  for (const raw of [
    '/v1/chat/completions', '/', '/v1/models/gpt-4o', '/v1/files/file-abc/content', '/v1beta/models/gemini-2.5:generateContent?key=x',
    '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.anthropic/converse', '/v1/a.b/..c/d..', '/.well-known/x',
    '/v1/x?q=a%0Ab', '/v1/x?path=../y', '/v1/x?u=//y', '/v1/%zz',
  ]) {
    it(`lets ${raw} pass`, () => expect(fault(raw)).to.equal(undefined));
  }

  for (const raw of [
    'http://evil.example/v1/models', 'evil.example:443', '*', '', '//evil.example/v1', '/v1//models', '/v1/../admin', '/v1/./models', '/..', '/v1/..',
    '/v1/%2e%2e/admin', '/v1/.%2E/admin', '/v1/%2e/x', '/v1/a%2f..%2fb', '/v1/..;/admin', '/v1/x%00', '/v1/x%0d%0aHost:y', '/v1/x%7f', '/v1/x\\..\\y',
    '/v1/x%5c..%5cy', '/v1/x#y', '/v1/x y', '/v1/x\ty', '/v1/x?y=\u0000',
  ]) {
    it(`refuses ${JSON.stringify(raw)}`, () => expect(fault(raw)).to.be.a('string'));
  }

  it('reads a parameter, decoded where it can be', () => {
    expect(parameter('?a=1&key=a%2Bb', 'key')).to.equal('a+b');
    expect(parameter('?key=%zz', 'key')).to.equal('%zz');
    expect(parameter('?monkey=1', 'key')).to.equal(undefined);
  });
});
