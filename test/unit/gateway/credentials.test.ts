import { expect } from 'chai';
import { Gatekeeper, type Admission, type Bearer, type Refusal } from '../../../src/gateway/credentials.js';
import { fakeUpstream } from './fake-upstream.js';

const LOCAL = { label: 'local', key: 'gw_localkey' };
const KEYS = [{ label: 'team-a', key: 'gw-a' }, { label: 'team-b', key: 'gw-b' }];
const unlocked = new Gatekeeper({ keys: [], localKey: LOCAL });
const lending = new Gatekeeper({ keys: [], localKey: LOCAL, allowOpen: true });
const locked = new Gatekeeper({ keys: KEYS, localKey: LOCAL, allowOpen: true });
const openai = fakeUpstream({ name: 'openai' }, { OPENAI_API_KEY: 'sk-ours' });
const keyless = fakeUpstream({ name: 'openai' });
const moved = fakeUpstream({ name: 'openai' }, { OPENAI_BASE_URL: 'http://127.0.0.1:8000' });
const anthropic = fakeUpstream({ name: 'anthropic', auth: 'x-api-key', alsoAuth: ['bearer'] }, { ANTHROPIC_API_KEY: 'sk-ours' });
const gemini = fakeUpstream({ name: 'gemini', auth: 'x-goog-api-key' });
const bedrock = fakeUpstream({ name: 'bedrock', auth: 'aws-sigv4' });
const ollama = fakeUpstream({ name: 'ollama', auth: 'none', alsoAuth: ['bearer'] });
const demo = fakeUpstream({ name: 'demo', auth: 'none', free: true });

/** A request whose headers are those, in that order; a name may come twice. */
function request(...entries: (readonly [string, string])[]): Bearer {
  const headers: Record<string, string> = {};
  for (const [name, value] of entries) {
    const key = name.toLowerCase();
    // As Node joins them; of `authorization` it keeps the first.
    headers[key] = headers[key] === undefined ? value : key === 'authorization' ? headers[key] : `${headers[key]}, ${value}`;
  }
  return { headers, rawHeaders: entries.flat() };
}

/** Names and values that go upstream. */
function sent(bearer: Bearer, outcome: Admission | Refusal): string[] {
  if ('refused' in outcome) throw new Error(outcome.refused);
  // What is the gateway's own by its name never goes anywhere.
  return bearer.rawHeaders.flatMap((name, i) => (i % 2 === 0 && name !== 'x-gateway-api-key' && !outcome.drop.includes(i) ? [`${name}: ${bearer.rawHeaders[i + 1] ?? ''}`] : []));
}

const bearer = (key: string): Bearer => request(['authorization', `Bearer ${key}`]);

describe('a path', () => {
  const locked = new Gatekeeper({ keys: [{ label: 'team', key: 'team-key-0123456789' }, { label: 'weak', key: 'openai' }] });
  for (const [path, holds] of [
    ['/v1/files/team-key-0123456789', true], ['/team-key-0123456789/v1/chat/completions', true], ['/v1beta/models/team-key-0123456789:generateContent', true],
    ['/v1/files/team%2Dkey-0123456789', true], ['/v1/files/%zzteam-key-012345678', false], ['/openai/v1/chat/completions', false],
    ['/v1/files/team-key-01234567890', false], ['/', false], ['', false],
  ] as const) it(`${path} ${holds ? 'holds' : 'does not hold'} a gateway key`, () => { expect(locked.isInPath(path)).to.equal(holds); });
});

describe('a caller without a gateway key', () => {
  it('uses its own provider key, which passes in its own place', () => {
    const own = bearer('sk-theirs');
    const admission = unlocked.admit(openai, own, '');
    expect(admission).to.deep.equal({ client: undefined, useOwnKey: false, clientHasKey: true, lent: false, drop: [], query: '' });
    expect(sent(own, admission)).to.deep.equal(['authorization: Bearer sk-theirs']);
  });
  for (const [what, upstream] of [['a held key', openai], ['the AWS chain', bedrock], ['a keyless server', ollama], ['an address that the operator named', moved]] as const) {
    it(`is not lent ${what}`, () => expect(unlocked.admit(upstream, request(), '')).to.deep.equal({ refused: 'no-gateway-key' }));
    it(`is not lent ${what} for the word gateway`, () => expect(unlocked.admit(upstream, bearer('gateway'), '')).to.deep.equal({ refused: 'placeholder' }));
  }
  it('is not lent a keyless server for any credential: none is the caller\'s own there', () => {
    for (const headers of [bearer('junk'), request(['authorization', 'Basic eDp5']), request(['x-api-key', 'junk'])]) {
      expect(unlocked.admit(ollama, headers, '')).to.deep.equal({ refused: 'no-gateway-key' });
    }
  });
  it('may ask a provider at its own address without any key: that costs nobody anything', () => {
    expect(unlocked.admit(keyless, request(), '')).to.deep.include({ useOwnKey: false, lent: false });
  });
  for (const headers of [['authorization', `Basic ${btoa('x:gateway')}`], ['authorization', `Basic ${btoa('gateway:')}`], ['authorization', 'Token gateway'],
    ['authorization', 'Bearer "gateway"'], ['sec-websocket-protocol', 'realtime, openai-insecure-api-key.gateway, beta']] as const) {
    it(`is not lent a held key for the word gateway in ${headers.join(': ')}`, () => {
      expect(unlocked.admit(openai, request([...headers]), '')).to.deep.equal({ refused: 'placeholder' });
    });
  }
  it('may use what is free', () => {
    for (const headers of [request(), bearer('gateway'), bearer('sk-theirs')]) expect(unlocked.admit(demo, headers, '')).to.deep.include({ lent: false });
  });
  it('is refused with a key that begins like ours and is not valid, wherever it stands', () => {
    for (const [headers, query] of [
      [bearer('gw_old'), ''], [request(['Authorization', 'bearer gw_old']), ''], [request(['authorization', 'Token gw_old']), ''], [request(['authorization', 'gw_old']), ''],
      [request(['authorization', `Basic ${Buffer.from('user:gw_old').toString('base64')}`]), ''], [request(['authorization', 'Bearer "gw_old"']), ''],
      [request(['x-api-key', 'gw_old']), ''], [request(['api-key', 'gw_old']), ''], [request(['x-goog-api-key', 'gw_old']), ''], [request(['x-gateway-api-key', 'gw_old']), ''],
      [request(), '?key=gw_old'], [request(), '?%6bey=gw_old'], [request(), '?api_key=gw_old'],
      [request(['authorization', 'Bearer sk-theirs'], ['authorization', 'Bearer gw_old']), ''],
      [request(['sec-websocket-protocol', 'realtime, openai-insecure-api-key.gw_old']), ''],
    ] as const) {
      for (const keeper of [unlocked, lending]) expect(keeper.admit(openai, headers, query), JSON.stringify([headers, query])).to.deep.equal({ refused: 'bad-gateway-key', client: undefined });
    }
  });
  it('is lent all of it under --allow-open', () => {
    expect(lending.admit(openai, request(), '')).to.deep.include({ useOwnKey: true, lent: true });
    expect(lending.admit(openai, bearer('gateway'), '')).to.deep.include({ useOwnKey: true, lent: true, drop: [0] });
    expect(lending.admit(anthropic, request(['x-api-key', 'gateway']), '')).to.deep.include({ useOwnKey: true, drop: [0] });
    expect(lending.admit(bedrock, request(), '')).to.deep.include({ useOwnKey: true, lent: true });
    expect(lending.admit(ollama, bearer('theirs'), '')).to.deep.include({ clientHasKey: true, lent: true, drop: [] });
  });
  it('is told where the word gateway finds no key', () => {
    expect(lending.admit(keyless, bearer('gateway'), '')).to.deep.equal({ refused: 'no-own-key', client: undefined });
  });
});

describe('credentials of other providers', () => {
  it('do not go upstream', () => {
    const all = request(['Authorization', 'Bearer sk'], ['X-Api-Key', 'a'], ['api-key', 'b'], ['x-goog-api-key', 'c']);
    const admission = unlocked.admit(openai, all, '?key=d&api-key=e&a=1');
    expect(sent(all, admission)).to.deep.equal(['Authorization: Bearer sk']);
    expect(admission).to.deep.include({ query: '?a=1' });
    expect(unlocked.admit(gemini, request(), '?key=d')).to.deep.include({ clientHasKey: true, query: '?key=d' });
  });
  it('never include an AWS signature', () => {
    expect(unlocked.admit(keyless, request(['authorization', 'AWS4-HMAC-SHA256 Credential=…']), '')).to.deep.include({ drop: [0], clientHasKey: false });
  });
  it('include an Azure key that is sent as Bearer, too', () => {
    const both = request(['api-key', 'azure'], ['Authorization', 'Bearer azure']);
    expect(unlocked.admit(openai, both, '')).to.deep.equal({ refused: 'no-gateway-key' });
  });
});

describe('the local key', () => {
  it('uses what the operator pays for', () => {
    for (const upstream of [openai, bedrock, ollama]) {
      expect(unlocked.admit(upstream, bearer(LOCAL.key), '')).to.deep.include({ client: 'local', lent: false, drop: [0] });
    }
  });
  it('leaves Authorization to a keyless server that wants it', () => {
    const both = request(['x-gateway-api-key', LOCAL.key], ['authorization', 'Bearer theirs']);
    const admission = unlocked.admit(ollama, both, '');
    expect(admission).to.deep.include({ client: 'local', clientHasKey: true });
    expect(sent(both, admission)).to.include('authorization: Bearer theirs');
  });
  it('is not valid beside gateway keys, and never forwarded', () => {
    expect(locked.takesLocalKey).to.equal(false);
    expect(locked.admit(openai, bearer(LOCAL.key), '')).to.deep.equal({ refused: 'no-gateway-key' });
    expect(locked.admit(openai, request(['x-gateway-api-key', 'gw-a'], ['x-custom', LOCAL.key]), '')).to.deep.include({ drop: [0, 2] });
  });
});

describe('gateway keys', () => {
  for (const [place, headers, query] of [
    ['x-gateway-api-key', { 'x-gateway-api-key': 'gw-b' }, ''],
    ['Authorization', { authorization: 'bearer gw-b' }, ''],
    ['x-api-key', { 'x-api-key': 'gw-b' }, ''],
    ['api-key', { 'api-key': 'gw-b' }, ''],
    ['x-goog-api-key', { 'x-goog-api-key': 'gw-b' }, ''],
    ['?key=', {}, '?key=gw-b'],
    ['?api-key=', {}, '?api-key=gw%2db'],
  ] as const) {
    it(`are accepted as ${place} and taken out`, () => {
      const one = request(...Object.entries(headers));
      const admission = locked.admit(openai, one, query);
      expect(admission).to.deep.include({ client: 'team-b', useOwnKey: true, query: '' });
      expect(sent(one, admission)).to.deep.equal([]);
    });
  }
  it('are needed by every request once there are any, --allow-open or not', () => {
    for (const headers of [request(), bearer('sk-theirs'), bearer('gateway')]) {
      for (const upstream of [openai, keyless, demo]) expect(locked.admit(upstream, headers, '')).to.deep.equal({ refused: 'no-gateway-key' });
    }
    const unknown = request(['x-gateway-api-key', 'gw-c'], ['authorization', 'Bearer gw-a']);
    for (const upstream of [openai, keyless, demo]) expect(locked.admit(upstream, unknown, '')).to.deep.equal({ refused: 'unknown-gateway-key' });
  });
  it('let the client use its own provider key beside them', () => {
    expect(locked.admit(openai, request(['x-gateway-api-key', 'gw-a'], ['authorization', 'Bearer sk-theirs']), ''))
      .to.deep.include({ client: 'team-a', useOwnKey: false, clientHasKey: true });
  });
  it('never go upstream, in whatever second place they stand', () => {
    for (const [name, value] of [
      ['authorization', 'Bearer gw-b'], ['authorization', 'Token gw-b'], ['authorization', 'gw-b'], ['authorization', 'Bearer "gw-b"'], ['authorization', 'Bearer gw-b, x'],
      ['authorization', `Basic ${Buffer.from('gw-b:').toString('base64')}`], ['x-api-key', 'gw-b'], ['x-custom', 'gw-b'], ['x-custom', 'k=gw-b; a=1'], ['cookie', 'k=gw-b'],
      ['sec-websocket-protocol', 'realtime, openai-insecure-api-key.gw-b'], ['x-forwarded-uri', '/a?key=gw-b&b'], ['referer', 'http://u:gw-b@host/'],
    ] as const) {
      const one = request(['x-gateway-api-key', 'gw-a'], ['Accept', '*/*'], [name, value]);
      const admission = locked.admit(openai, one, '');
      expect(sent(one, admission), `${name}: ${value}`).to.deep.equal(['Accept: */*']);
      expect(admission).to.deep.include({ client: 'team-a', useOwnKey: true });
    }
    for (const query of ['?api_key=gw-b', '?%6bey=gw-b', '?KEY=gw-b', '?a=1;key=gw-b', '?token=gw%2Db', '?redirect=http%3A%2F%2Fu%3Agw-b%40h']) {
      expect(locked.admit(openai, request(['x-gateway-api-key', 'gw-a']), `${query}&b=%20`), query).to.deep.include({ query: '?b=%20' });
    }
  });
  it('are told from a second value of the same header, which stays', () => {
    const two = request(['x-gateway-api-key', 'gw-a'], ['authorization', 'Bearer sk-theirs'], ['authorization', 'Bearer gw-b']);
    expect(sent(two, locked.admit(openai, two, ''))).to.deep.equal(['authorization: Bearer sk-theirs']);
    const joined = request(['x-gateway-api-key', 'gw-a'], ['x-api-key', 'gw-b'], ['x-api-key', 'gw-b']);
    expect(locked.admit(anthropic, joined, '')).to.deep.include({ useOwnKey: true, drop: [0, 2, 4] });
  });
  it('can be replaced at run time', () => {
    const keeper = new Gatekeeper({ keys: [], localKey: LOCAL });
    keeper.replaceKeys([{ label: 'new', key: 'key-new' }]);
    expect([keeper.locked, keeper.takesLocalKey]).to.deep.equal([true, false]);
    expect(keeper.admit(openai, bearer('key-new'), '')).to.deep.include({ client: 'new' });
    keeper.replaceKeys([]);
    expect(keeper.admit(openai, bearer(LOCAL.key), '')).to.deep.include({ client: 'local' });
  });
  it('are as many as one likes', () => {
    const keeper = new Gatekeeper({ keys: Array.from({ length: 5_000 }, (_, i) => ({ label: `c${String(i)}`, key: `key-${String(i).padStart(8, '0')}` })) });
    expect(keeper.admit(openai, bearer('key-00004999'), '')).to.deep.include({ client: 'c4999' });
    expect(keeper.admit(openai, bearer('key-00005000'), '')).to.deep.equal({ refused: 'no-gateway-key' });
  });
});

describe('a key among the protocols of a WebSocket', () => {
  it('is the caller\'s own, and goes where Bearer does', () => {
    const socket = request(['sec-websocket-protocol', 'realtime, openai-insecure-api-key.sk-theirs']);
    expect(unlocked.admit(openai, socket, '')).to.deep.include({ clientHasKey: true, drop: [] });
    expect(unlocked.admit(gemini, socket, '')).to.deep.include({ clientHasKey: false, drop: [0] });
  });
  it('is none where there are other protocols alone', () => {
    expect(unlocked.admit(keyless, request(['sec-websocket-protocol', 'realtime']), '')).to.deep.include({ clientHasKey: false, drop: [] });
  });
});
