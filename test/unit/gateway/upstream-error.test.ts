import { expect } from 'chai';
import { UnsendableRequest } from '../../../src/gateway/http1/fault.js';
import { isPassing, upstreamFault } from '../../../src/gateway/upstream-error.js';

const coded = (code: string | undefined, name = 'Error'): Error => Object.assign(new Error('connect 10.1.2.3:443 secret'), { code, name });

describe('what a failed attempt means', () => {
  for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'CERT_HAS_EXPIRED', 'ETIMEDOUT', 'SOMETHING_NEW', undefined]) {
    it(`${code} before anything was sent: no connection, without addresses in the words`, () => {
      const fault = upstreamFault(coded(code), false);
      expect(fault.type).to.equal('upstream_connect');
      expect(fault.detail).to.not.match(/10\.1\.2\.3|secret/);
    });
  }
  it('looks into the first error of several addresses', () => {
    expect(upstreamFault(new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]), false).detail).to.equal('the connection was refused');
    expect(isPassing(new AggregateError([coded('ECONNREFUSED')]))).to.equal(true);
  });
  for (const [error, type] of [
    [coded('HPE_INVALID_CONSTANT'), 'upstream_protocol'], [coded('UPSTREAM_PROTOCOL'), 'upstream_protocol'],
    [coded('ECONNRESET'), 'upstream_reset'], [coded('EPIPE'), 'upstream_reset'], [coded('SOMETHING_NEW'), 'upstream_reset'],
  ] as const) {
    it(`${error.name} ${(error as { code?: string }).code} after it was sent: ${type}`, () => expect(upstreamFault(error, true).type).to.equal(type));
  }
  it('only faults of the moment are worth another connection', () => {
    expect(['ECONNREFUSED', 'ECONNRESET', 'EAI_AGAIN', 'ETIMEDOUT'].every((code) => isPassing(coded(code)))).to.equal(true);
    expect(['ENOTFOUND', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'UPSTREAM_PROTOCOL', undefined].some((code) => isPassing(coded(code)))).to.equal(false);
  });
  for (const code of ['TOO_MANY_CONNECTIONS', 'EMFILE', 'ENFILE']) {
    it(`${code}: the gateway's own shortage, which is not worth another connection at once`, () => {
      expect(upstreamFault(coded(code), false).type).to.equal('connections_full');
      expect(isPassing(coded(code))).to.equal(false);
    });
  }
  for (const error of [
    new UnsendableRequest('the value of its header authorization has a character that no header can carry'),
    coded('ERR_INVALID_CHAR', 'TypeError'), coded('ERR_UNESCAPED_CHARACTERS', 'TypeError'),
  ]) {
    it(`${(error as { code?: string }).code}: the provider's configuration, without the value in the words`, () => {
      for (const sent of [false, true]) {
        const fault = upstreamFault(error, sent);
        expect(fault.type).to.equal('provider_unconfigured');
        expect(fault.detail).to.match(/character that no header can carry/).and.not.match(/secret|10\.1/);
      }
    });
  }
});
