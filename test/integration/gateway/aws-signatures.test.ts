import { expect } from 'chai';
import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proxied, rawPost } from '../../support/proxied.js';
import { rawExchange, startProxy } from '../../support/proxy-harness.js';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const ENV = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: SECRET };
const THEIRS = 'AWS4-HMAC-SHA256 Credential=THEIRKEY/20260101/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=00ff';

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** What the signature must be by the rules of AWS (Signature Version 4), worked out apart from the library. */
function expectedSignature(request: IncomingMessage, body: Buffer, region: string): string {
  const { headers, url = '' } = request;
  const [path = '', query = ''] = url.split('?');
  const signed = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? '';
  const canonicalHeaders = signed.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`).join('');
  const canonicalQuery = [...new URLSearchParams(query)].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort().join('&');
  // Services other than S3 encode the path that was sent once more.
  const canonical = [request.method, path.split('/').map(encode).join('/'), canonicalQuery, canonicalHeaders, signed, sha256(body)].join('\n');
  const date = String(headers['x-amz-date']);
  const scope = `${date.slice(0, 8)}/${region}/bedrock/aws4_request`;
  const key = ['bedrock', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${SECRET}`, date.slice(0, 8)), region));
  return createHmac('sha256', key).update(['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).digest('hex');
}

/** Runs with nothing that the AWS chain would find in this process's environment, files and metadata services, but with these variables. */
async function withoutCredentials(variables: Readonly<Record<string, string>>, run: () => Promise<void>): Promise<void> {
  const names = Object.keys(process.env).filter((name) => name.startsWith('AWS_'));
  const set = { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent', AWS_CONFIG_FILE: '/nonexistent', ...variables };
  const before = new Map([...names, ...Object.keys(set)].map((name) => [name, process.env[name]]));
  for (const name of names) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, set);
  try {
    await run();
  } finally {
    for (const [name, value] of before) if (value === undefined) Reflect.deleteProperty(process.env, name); else process.env[name] = value;
  }
}

// Rule 8.
describe('AWS signatures', () => {
  const suite = proxied();
  const CONVERSE = '/model/us.anthropic.claude-3%3A0/converse';
  async function call(headers: readonly string[] = [], options: { path?: string; body?: string; env?: Record<string, string> } = {}): Promise<{ request: IncomingMessage; body: Buffer; text: string }> {
    await suite.start((_q, response) => response.end('{}'), { env: { ...ENV, ...options.env } });
    const { text } = await rawExchange(suite.proxy.port, rawPost(options.path ?? CONVERSE, options.body ?? '{"messages":[]}', ['connection: close', ...headers]));
    return { ...(suite.upstream.requests[0] as (typeof suite.upstream.requests)[number]), text };
  }
  const credential = (request: IncomingMessage): string => /Credential=([^,]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';

  for (const [what, path, body] of [
    ['an encoded model id', CONVERSE, '{"messages":[]}'],
    ['an ARN', '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.a/invoke', '{"ü":"é"}'],
    ['a plain colon', '/model/anthropic.claude-v2:1/invoke', '{}'],
    ['a query string', '/model/m/invoke?b=2&a=%201%2F', '{}'],
    ['a query string that repeats a name', '/model/m/invoke?b=2&a=3&a=1&A=0&a=&flag', '{}'],
  ] as const) {
    it(`signs ${what} over the raw path and the body as sent`, async () => {
      const { request, body: sent } = await call([], { path, body });
      expect(request.url).to.equal(path);
      expect(sent.toString()).to.equal(body);
      expect(credential(request)).to.match(/^AKIDEXAMPLE\/\d{8}\/us-east-1\/bedrock\/aws4_request$/);
      expect(/Signature=(\w+)/.exec(request.headers.authorization ?? '')?.[1]).to.equal(expectedSignature(request, sent, 'us-east-1'));
    });
  }

  it('signs a second try anew, over the body without what was refused', async () => {
    const body = '{"model":"m","stream":true}';
    await suite.start((_q, response) => {
      if (suite.upstream.requests.length === 1) response.writeHead(400).end('{"message":"stream_options is not supported"}');
      else response.end('{}');
    }, { env: ENV });
    await rawExchange(suite.proxy.port, rawPost('/bedrock/openai/v1/chat/completions', body, ['connection: close']));
    expect(suite.upstream.requests.map((request) => request.body.toString())).to.deep.equal([`{"stream_options":{"include_usage":true},${body.slice(1)}`, body]);
    for (const { request, body: sent } of suite.upstream.requests) {
      expect(/Signature=(\w+)/.exec(request.headers.authorization ?? '')?.[1]).to.equal(expectedSignature(request, sent, 'us-east-1'));
    }
    expect(await suite.proxy.exchange()).to.deep.include({ attempts: 2, providerErrorCount: 1, statusCode: 200 });
  });

  it('signs a body of any content type, since the signature covers it', async () => {
    await suite.start((_q, response) => response.end('{}'), { env: ENV });
    await rawExchange(suite.proxy.port, `POST ${CONVERSE} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/octet-stream\r\ncontent-length: 3\r\n\r\nabc`);
    const { request, body } = suite.upstream.requests[0] as (typeof suite.upstream.requests)[number];
    expect(body.toString()).to.equal('abc');
    expect(/Signature=(\w+)/.exec(request.headers.authorization ?? '')?.[1]).to.equal(expectedSignature(request, body, 'us-east-1'));
  });

  it('drops everything of a signature that was made for the gateway\'s address', async () => {
    const { request } = await call([`authorization: ${THEIRS}`, 'x-amz-date: 20260101T000000Z', 'x-amz-security-token: theirs', 'x-amz-content-sha256: 00'],
      { path: `${CONVERSE}?a=1&X-Amz-Signature=theirs&x-amz-credential=THEIRKEY` });
    expect(request.url).to.equal(`${CONVERSE}?a=1`);
    expect(request.headersDistinct['authorization']).to.have.length(1);
    expect(request.headersDistinct['x-amz-date']).to.have.length(1);
    expect(JSON.stringify(request.rawHeaders)).to.not.match(/THEIRKEY|theirs|20260101T/);
  });

  for (const [what, headers, env, region] of [
    ['the credential scope first', [`authorization: ${THEIRS}`, 'x-aws-region: us-west-2'], { AWS_REGION: 'ap-south-1' }, 'eu-west-1'],
    ['then x-aws-region', ['x-aws-region: us-west-2'], { AWS_REGION: 'ap-south-1' }, 'us-west-2'],
    ['then AWS_REGION', [], { AWS_REGION: 'ap-south-1', AWS_DEFAULT_REGION: 'sa-east-1' }, 'ap-south-1'],
    ['then AWS_DEFAULT_REGION', [], { AWS_DEFAULT_REGION: 'sa-east-1' }, 'sa-east-1'],
  ] as const) {
    it(`takes the region from ${what}`, async () => {
      const { request } = await call(headers, { env });
      expect(credential(request).split('/')[2]).to.equal(region);
    });
  }

  for (const region of ['us-east-1.evil.example', 'evil.example#', 'US-EAST-1', 'x', '../x', `us-${'a'.repeat(40)}`, 'us east']) {
    it(`refuses the region "${region}"`, async () => {
      await suite.start((_q, response) => response.end('{}'), { env: ENV });
      const { text } = await rawExchange(suite.proxy.port, rawPost(CONVERSE, '{}', ['connection: close', `x-aws-region: ${region}`]));
      expect(text).to.match(/^HTTP\/1\.1 400/).and.match(/x-gateway-error: bad_request/);
      expect(suite.upstream.requests).to.have.length(0);
    });
  }

  it('a Bearer key, the client\'s or ours, needs no signature', async () => {
    const { request } = await call(['authorization: Bearer theirs']);
    expect(request.headers).to.include({ authorization: 'Bearer theirs' }).and.not.have.property('x-amz-date');
  });

  it('without AWS credentials the answer is a 401 that says which variables', async () => {
    const proxy = await startProxy({ env: { BEDROCK_BASE_URL: 'http://127.0.0.1:9' } });
    await withoutCredentials({}, async () => {
      const { text } = await rawExchange(proxy.port, rawPost(CONVERSE, '{}', ['connection: close']));
      expect(text).to.match(/^HTTP\/1\.1 401/).and.include('AWS_ACCESS_KEY_ID');
      expect(await proxy.exchange()).to.deep.include({ provider: 'bedrock', errorType: 'unauthorized', attempts: 0, endReason: 'gateway' });
    }).finally(() => proxy.close());
  });

  describe('with the credentials of a profile', () => {
    let dir: string;
    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'aws-'));
      await writeFile(join(dir, 'credentials'), ['default', 'work'].map((name) => `[${name}]\naws_access_key_id = AKID${name.toUpperCase()}\naws_secret_access_key = ${SECRET}\naws_session_token = session-of-${name}\n`).join('\n'));
    });
    after(() => rm(dir, { recursive: true }));

    for (const [what, environment, configuration, profile] of [
      ['the default one', {}, {}, 'default'],
      ['the one that the environment names', { AWS_PROFILE: 'work' }, { AWS_PROFILE: 'work' }, 'work'],
      ['the one that only .env names', {}, { AWS_PROFILE: 'work' }, 'work'],
    ] as const) {
      it(`signs with ${what}`, async () => {
        await suite.start((_q, response) => response.end('{}'), { env: configuration });
        await withoutCredentials({ AWS_SHARED_CREDENTIALS_FILE: join(dir, 'credentials'), ...environment }, async () => {
          await rawExchange(suite.proxy.port, rawPost(CONVERSE, '{}', ['connection: close']));
        });
        const { request, body } = suite.upstream.requests[0] as (typeof suite.upstream.requests)[number];
        expect(credential(request)).to.match(new RegExp(`^AKID${profile.toUpperCase()}/\\d{8}/us-east-1/bedrock/aws4_request$`));
        expect(request.headers['x-amz-security-token']).to.equal(`session-of-${profile}`);
        expect(/Signature=(\w+)/.exec(request.headers.authorization ?? '')?.[1]).to.equal(expectedSignature(request, body, 'us-east-1'));
      });
    }
  });
});
