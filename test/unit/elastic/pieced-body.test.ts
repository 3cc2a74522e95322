import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createElastic, type Elastic } from '../../../src/elastic/client.js';
import type { PiecedBody } from '../../../src/elastic/pieced-body.js';

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

  /** Each piece is as many bytes of its own number. */
  const body = (pieces: number, bytes: number): PiecedBody & { made: number } => ({
    bytes: pieces * bytes,
    made: 0,
    * pieces() {
      for (let i = 0; i < pieces; i++) {
        this.made++;
        yield Buffer.alloc(bytes, i + 1);
      }
    },
  });

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

  it('is made again where a secret has changed in its file', async () => {
    answer = (request, response) => {
      writeFileSync(join(dir, 'key'), 'second');
      void read(request).then(() => { reply(response, request.headers.authorization === 'ApiKey second' ? 200 : 401); });
    };
    const { status } = await send(body(3, 70_000));
    expect(status).to.equal(200);
    expect(seen.map(({ authorization }) => authorization)).to.deep.equal(['ApiKey first', 'ApiKey second']);
    expect(seen.every(({ body: { length } }) => length === 210_000)).to.equal(true);
  });

  it('is not made to its end where the server answers before it has read all', async () => {
    answer = (_request, response) => { reply(response, 413); };
    const large = body(500, 256 * 1024);
    const { status } = await send(large);
    expect(status).to.equal(413);
    expect(large.made).to.be.lessThan(500);
  });

  it('ends with the request, where the connection breaks', async () => {
    answer = (request) => { request.socket.destroy(); };
    const large = body(500, 256 * 1024);
    const error = await send(large).then(() => undefined, (reason: unknown) => reason);
    expect(error).to.include({ name: 'ElasticUnreachable', kind: 'connection', mayHaveArrived: true });
    const { made } = large;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    expect(large.made).to.be.within(made, made + 1);
  });
});
