import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createElastic, type Elastic } from '../../../src/elastic/client.js';
import { BulkBody } from '../../../src/elastic/bulk.js';
import type { PiecedBody } from '../../../src/elastic/pieced-body.js';
import { LINE_OFFSETS } from '../../../src/telemetry/line-format.js';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { FULL } from '../telemetry/exchanges.js';

interface Seen {
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

describe('a body that is made while it is sent', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pieced-body-'));
  const seen: Seen[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let server: Server;
  let elastic: Elastic;

  /** Each piece is as many bytes of its own number; `ended` tells that nobody will ask for another. */
  const body = (pieces: number, bytes: number): PiecedBody & { made: number; readonly ended: Promise<undefined> } => {
    const { promise: ended, resolve } = Promise.withResolvers<undefined>();
    return {
      bytes: pieces * bytes,
      made: 0,
      ended,
      * pieces() {
        try {
          for (let i = 0; i < pieces; i++) {
            this.made++;
            yield Buffer.alloc(bytes, i + 1);
          }
        } finally {
          resolve(undefined);
        }
      },
    };
  };

  const read = async (request: IncomingMessage): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    seen.push({ authorization: request.headers.authorization, headers: request.headers, body: Buffer.concat(chunks) });
  };
  const reply = (response: ServerResponse, status: number): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }).end('{"errors":false,"items":[]}');
  };

  before(async () => {
    server = createServer((request, response) => { answer(request, response); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    writeFileSync(join(dir, 'key'), 'first');
    elastic = createElastic({ urls: [`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`], apiKeyFile: join(dir, 'key'), tlsVerify: true });
  });

  beforeEach(() => { seen.length = 0; });

  after(async () => {
    await elastic.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    rmSync(dir, { recursive: true, force: true });
  });

  const send = (pieced: PiecedBody): ReturnType<Elastic['request']> => elastic.request({ method: 'POST', path: '/a/_bulk', body: pieced, timeoutMs: 5_000 });

  it('arrives whole, with its length said before', async () => {
    answer = (request, response) => { void read(request).then(() => { reply(response, 200); }); };
    const { status, isElasticsearch } = await send(body(5, 100_000));
    expect([status, isElasticsearch]).to.deep.equal([200, true]);
    expect(seen).to.have.length(1);
    expect(seen[0]?.headers).to.include({ 'content-length': '500000', 'content-type': 'application/x-ndjson' });
    expect(seen[0]?.headers).not.to.have.property('transfer-encoding');
    expect(seen[0]?.body.equals(Buffer.concat([...body(5, 100_000).pieces()]))).to.equal(true);
  });

  it('ends early enough that an answer to its last byte keeps the connection', async () => {
    const ports = new Set<number | undefined>();
    answer = (request, response) => {
      ports.add(request.socket.remotePort);
      let left = Number(request.headers['content-length']);
      request.on('data', ({ length }: Buffer) => {
        left -= length;
        if (left === 0) reply(response, 200);
      });
    };
    for (let i = 0; i < 10; i++) expect((await send(body(3, 100_000))).status).to.equal(200);
    // The client takes a second one where the first has not been told yet that its request is over.
    expect(ports.size).to.be.lessThan(3);
  });

  it('is made again where a secret has changed in its file, while the first is not made to its end', async () => {
    const lines = Array.from({ length: 4_000 }, (_, i) => Buffer.from(recordLine({ ...FULL, model: `m${String(i)}` }, { instance: 'test', version: '0' })));
    const bulk = new BulkBody(lines.map((bytes) => ({ bytes, ends: [bytes.length] })), LINE_OFFSETS, false);
    const expected = Buffer.concat([...new BulkBody(lines.map((bytes) => ({ bytes, ends: [bytes.length] })), LINE_OFFSETS, false).pieces()]);
    expect(expected.length).to.be.greaterThan(3 * 512 * 1024);
    const keys: (string | undefined)[] = [];
    answer = (request, response) => {
      keys.push(request.headers.authorization);
      writeFileSync(join(dir, 'key'), 'second');
      if (request.headers.authorization === 'ApiKey second') void read(request).then(() => { reply(response, 200); });
      else request.once('data', () => { reply(response, 401); });
    };
    const { status } = await send(bulk);
    expect(status).to.equal(200);
    expect(keys).to.deep.equal(['ApiKey first', 'ApiKey second']);
    expect(seen[0]?.body.equals(expected)).to.equal(true);
    expect(bulk.isWhole).to.equal(true);
  });

  it('is not made to its end where the server answers before it has read all', async () => {
    answer = (_request, response) => { reply(response, 413); };
    const large = body(500, 256 * 1024);
    const { status } = await send(large);
    expect(status).to.equal(413);
    await large.ended;
    expect(large.made).to.be.lessThan(500);
  });

  it('ends with the request, where the connection breaks or the caller gives up', async () => {
    answer = (request) => { request.socket.destroy(); };
    const broken = body(500, 256 * 1024);
    const error = await send(broken).then(() => undefined, (reason: unknown) => reason);
    expect(error).to.include({ name: 'ElasticUnreachable', kind: 'connection', mayHaveArrived: true });
    await broken.ended;
    expect(broken.made).to.be.lessThan(500);
    const abort = new AbortController();
    answer = (request) => { request.once('data', () => { abort.abort(); }); };
    const given = body(500, 256 * 1024);
    const reason = await elastic.request({ method: 'POST', path: '/a/_bulk', body: given, signal: abort.signal }).then(() => undefined, (one: unknown) => one);
    expect(reason).to.include({ name: 'ElasticUnreachable', kind: 'aborted' });
    await given.ended;
    expect(given.made).to.be.lessThan(500);
  });

  it('says what went wrong while it was made, and does not blame the connection', async () => {
    answer = (request, response) => { void read(request).then(() => { reply(response, 200); }, () => undefined); };
    const fault = new Error('a fault of ours');
    const reason = await send({
      bytes: 200_000,
      * pieces() {
        yield Buffer.alloc(100_000);
        throw fault;
      },
    }).then(() => undefined, (one: unknown) => one);
    expect(reason).to.equal(fault);
  });
});
