import { expect } from 'chai';
import { networkInterfaces } from 'node:os';
import { upstreamsFrom } from '../../../src/gateway/create.js';
import type { ReadVariable, Upstream } from '../../../src/gateway/upstream.js';
import { checkExposure, checkLoops, startupWarnings } from '../../../src/server/startup-checks.js';

const reader = (values: Record<string, string>): ReadVariable => (name) => {
  const value = values[name];
  return value === undefined ? undefined : { value, source: 'environment' };
};
const upstreams = (values: Record<string, string>): Upstream[] => upstreamsFrom(reader(values));
const failure = async (work: () => void | Promise<void>): Promise<unknown> => {
  try { await work(); } catch (error) { return error; }
  return undefined;
};

// Rule 7: who lends keys to a whole network must have meant it.
describe('a gateway that holds keys and listens beyond loopback', () => {
  const expose = (host: string, values: Record<string, string>, also: { locked?: boolean; allowOpen?: boolean } = {}): Promise<unknown> => failure(() => {
    checkExposure({ host, locked: false, allowOpen: false, ...also, upstreams: upstreams(values), variable: reader(values) });
  });

  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'gw.internal']) {
    for (const variable of ['OPENAI_API_KEY', 'GEMINI_API_KEY', 'AWS_BEARER_TOKEN_BEDROCK', 'AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_FULL_URI']) {
      it(`HOST=${host} with ${variable} does not start`, async () => {
        const error = await expose(host, { [variable]: 's3cret' });
        expect(error).to.include({ code: 'open_gateway', exitCode: 2 });
        expect((error as Error).message).to.include(host).and.include(variable).and.not.include('s3cret');
        expect((error as { fix: string }).fix).to.include('GATEWAY_API_KEYS').and.include('--allow-open');
      });
    }
    it(`HOST=${host} starts without keys, with GATEWAY_API_KEYS, or with --allow-open`, async () => {
      expect(await expose(host, {})).to.equal(undefined);
      expect(await expose(host, { OPENAI_API_KEY: 'k' }, { locked: true })).to.equal(undefined);
      expect(await expose(host, { OPENAI_API_KEY: 'k' }, { allowOpen: true })).to.equal(undefined);
    });
  }
  for (const host of ['127.0.0.1', '::1', 'localhost', '127.9.9.9']) {
    it(`HOST=${host} may hold keys`, async () => expect(await expose(host, { OPENAI_API_KEY: 'k' })).to.equal(undefined));
  }
});

// Rule 3: a base URL that leads back here.
describe('base URLs that lead back to the gateway', () => {
  const loop = (url: string, host = '127.0.0.1', port = 3000): Promise<unknown> => failure(() => checkLoops(upstreams({ GROQ_BASE_URL: url }), host, port));
  const own = Object.values(networkInterfaces()).flat().find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address;

  for (const [url, host] of [
    ['http://127.0.0.1:3000', '127.0.0.1'], ['http://localhost:3000/v1', '127.0.0.1'], ['http://127.1.2.3:3000', '0.0.0.0'], ['http://[::1]:3000', '::'],
    ['http://localhost:3000', '0.0.0.0'], ['http://127.0.0.1:3000', 'localhost'],
    ...own === undefined ? [] : [[`http://${own}:3000`, '0.0.0.0'], [`http://${own}:3000`, own]] as const,
  ] as const) {
    it(`${url} with HOST=${host} does not start, and names variable and value`, async () => {
      const error = await loop(url, host);
      expect(error).to.include({ code: 'base_url_loop', exitCode: 2 });
      expect((error as Error).message).to.include(`GROQ_BASE_URL=${url}`);
    });
  }
  it('the default port of the scheme counts', async () => {
    expect(await loop('http://127.0.0.1', '127.0.0.1', 80)).to.have.property('code', 'base_url_loop');
    expect(await loop('https://127.0.0.1', '127.0.0.1', 443)).to.have.property('code', 'base_url_loop');
  });
  for (const [url, host, port] of [
    ['http://127.0.0.1:3001', '127.0.0.1', 3000], ['http://203.0.113.7:3000', '0.0.0.0', 3000], ['http://127.0.0.1:3000', '203.0.113.7', 3000], ['http://127.0.0.1:3000', '127.0.0.1', 0],
    ['http://no-such-host.invalid:3000', '127.0.0.1', 3000],
  ] as const) {
    it(`${url} with HOST=${host} and PORT=${port} is another address`, async () => expect(await loop(url, host, port)).to.equal(undefined));
  }
});

describe('warnings at the start', () => {
  const warn = (url: string): string[] => startupWarnings(upstreams({ VLLM_BASE_URL: url }));
  it('keys over plain http to another host', () => {
    expect(warn('http://gpu.internal:8000/v1')).to.have.length(1);
    expect(warn('http://gpu.internal:8000/v1')[0]).to.include('VLLM_BASE_URL').and.include('gpu.internal:8000');
  });
  for (const url of ['https://gpu.internal', 'http://localhost:8000', 'http://127.0.0.1:8000', 'http://[::1]:8000']) {
    it(`${url} is fine`, () => expect(warn(url)).to.deep.equal([]));
  }
});
