import { expect } from 'chai';
import { Gatekeeper } from '../../../src/gateway/credentials.js';
import { unauthorizedMessage } from '../../../src/gateway/unauthorized.js';
import type { Upstream } from '../../../src/gateway/upstream.js';
import { fakeUpstream } from './fake-upstream.js';

describe('what a caller is told who may not enter', () => {
  const LOCAL = { key: 'gw_local-key-of-this-machine', label: 'local' };
  const open = new Gatekeeper({ keys: [], localKey: LOCAL });
  const locked = new Gatekeeper({ keys: [{ key: 'team-key-0123456789', label: 'team' }] });

  const openai = fakeUpstream({ name: 'openai' }, { OPENAI_API_KEY: 'sk-held' });
  const ollama = fakeUpstream({ name: 'ollama', auth: 'none' });

  function told(keeper: Gatekeeper, to: Upstream, name?: string, value = ''): string {
    const sent = name === undefined ? {} : { [name]: value };
    const admission = keeper.admit(to, { headers: sent, rawHeaders: Object.entries(sent).flat() }, '');
    if (!('refused' in admission)) throw new Error('was let in');
    return unauthorizedMessage(admission, to, keeper);
  }

  it('names the header whose key is not valid, never the key', () => {
    for (const keeper of [open, locked]) {
      for (const to of [openai, ollama]) {
        expect(told(keeper, to, 'x-gateway-api-key', 'mistyped-key'))
          .to.match(/^The key in x-gateway-api-key is not a gateway key that is valid here\. /).and.not.include('mistyped-key');
      }
    }
  });
  it('says where a key comes from, and where it goes', () => {
    expect(told(open, openai)).to.match(/no key.*`gateway keys local`.*x-gateway-api-key, or in place of the provider's key/);
    expect(told(locked, openai)).to.match(/a key of GATEWAY_API_KEYS as x-gateway-api-key, or in place/);
  });
  it('leaves Authorization to a server that asks for no key', () => {
    expect(told(open, ollama)).to.match(/`gateway keys local`.*send it as x-gateway-api-key\./).and.not.include('in place of');
  });
});
