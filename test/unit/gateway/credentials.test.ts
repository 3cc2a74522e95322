import { expect } from 'chai';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { Gatekeeper } from '../../../src/gateway/credentials.js';
import { fakeUpstream } from './fake-upstream.js';

const open = new Gatekeeper([]);
const locked = new Gatekeeper([{ label: 'team-a', key: 'gw-a' }, { label: 'team-b', key: 'gw-b' }]);
const openai = fakeUpstream({ name: 'openai' }, { OPENAI_API_KEY: 'sk-ours' });
const keyless = fakeUpstream({ name: 'openai' });
const anthropic = fakeUpstream({ name: 'anthropic', auth: 'x-api-key', alsoAuth: ['bearer'] }, { ANTHROPIC_API_KEY: 'sk-ours' });
const gemini = fakeUpstream({ name: 'gemini', auth: 'x-goog-api-key' });

describe('credentials of an open gateway', () => {
  it('pass through in their own place', () => {
    expect(open.admit(openai, { authorization: 'Bearer sk-theirs' }, '', true)).to.deep.equal({ client: undefined, useOwnKey: false, clientHasKey: true, remove: [] });
  });
  it('are replaced where they are the literal word gateway, on loopback', () => {
    expect(open.admit(openai, { authorization: 'Bearer gateway' }, '', true)).to.deep.include({ useOwnKey: true, remove: ['authorization'] });
    expect(open.admit(anthropic, { 'x-api-key': 'gateway' }, '', true)).to.deep.include({ useOwnKey: true, remove: ['x-api-key'] });
  });
  it('are not replaced for strangers', () => {
    expect(open.admit(openai, { authorization: 'Bearer gateway' }, '', false)).to.deep.include({ useOwnKey: false, remove: [] });
    expect(open.admit(openai, {}, '', false)).to.deep.include({ useOwnKey: false });
  });
  it('may be missing on loopback', () => expect(open.admit(openai, {}, '', true)).to.deep.include({ useOwnKey: true }));
  it('are asked for where the word gateway finds no key', () => {
    expect(open.admit(keyless, { authorization: 'Bearer gateway' }, '', true)).to.deep.equal({ refused: 'no-own-key', client: undefined });
  });
  it('of other providers do not go upstream', () => {
    const admission = open.admit(openai, { authorization: 'Bearer sk', 'x-api-key': 'a', 'api-key': 'b', 'x-goog-api-key': 'c' }, '?key=d', true);
    expect(admission).to.deep.include({ remove: ['x-api-key', 'api-key', 'x-goog-api-key', '?key'] });
    expect(open.admit(gemini, {}, '?key=d', true)).to.deep.include({ useOwnKey: false, remove: [] });
  });
  it('never include an AWS signature', () => {
    expect(open.admit(openai, { authorization: 'AWS4-HMAC-SHA256 Credential=…' }, '', false)).to.deep.include({ remove: ['authorization'] });
  });
});

describe('credentials of a locked gateway', () => {
  for (const [place, headers, query] of [
    ['x-gateway-api-key', { 'x-gateway-api-key': 'gw-b' }, ''],
    ['Authorization', { authorization: 'bearer gw-b' }, ''],
    ['x-api-key', { 'x-api-key': 'gw-b' }, ''],
    ['api-key', { 'api-key': 'gw-b' }, ''],
    ['x-goog-api-key', { 'x-goog-api-key': 'gw-b' }, ''],
    ['?key=', {}, '?key=gw-b'],
  ] as const) {
    it(`accept a gateway key as ${place} and take it out`, () => {
      const admission = locked.admit(openai, headers, query, false);
      expect(admission).to.deep.include({ client: 'team-b', useOwnKey: true });
      if (place !== 'x-gateway-api-key') expect('remove' in admission ? admission.remove : undefined).to.have.length(1);
    });
  }
  it('refuse all others', () => {
    for (const headers of [{}, { authorization: 'Bearer sk-theirs' }, { authorization: 'Bearer gateway' }, { 'x-gateway-api-key': 'gw-c', authorization: 'Bearer gw-a' }]) {
      expect(locked.admit(openai, headers, '', true)).to.deep.equal({ refused: 'no-gateway-key' });
    }
  });
  it('let the client use its own provider key beside the gateway key', () => {
    expect(locked.admit(openai, { 'x-gateway-api-key': 'gw-a', authorization: 'Bearer sk-theirs' }, '', false))
      .to.deep.equal({ client: 'team-a', useOwnKey: false, clientHasKey: true, remove: [] });
  });
});

describe('keys of the gateway', () => {
  const { timingSafeEqual } = crypto;
  afterEach(() => {
    crypto.timingSafeEqual = timingSafeEqual;
    syncBuiltinESMExports();
  });

  it('are all compared in constant time, wherever the match is, and by digests of one length', () => {
    const lengths: number[] = [];
    crypto.timingSafeEqual = (a, b) => {
      lengths.push(a.byteLength, b.byteLength);
      return timingSafeEqual(a, b);
    };
    syncBuiltinESMExports();
    for (const key of ['gw-a', 'gw-b', 'gw', 'x'.repeat(500)]) {
      lengths.length = 0;
      const known = locked.identify({ 'x-gateway-api-key': key }, '');
      expect(known?.label).to.equal({ 'gw-a': 'team-a', 'gw-b': 'team-b' }[key]);
      expect(lengths, key).to.deep.equal([32, 32, 32, 32]);
    }
  });
});
