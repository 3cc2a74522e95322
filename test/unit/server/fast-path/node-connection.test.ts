import { expect } from 'chai';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { ClientError } from '../../../../src/server/client-error.js';
import { NodeConnection } from '../../../../src/server/fast-path/node-connection.js';

const fail = (error: unknown): never => { throw error; };

describe('what Node\'s HTTP server is given', () => {
  const HEAD = 'GET /1 HTTP/1.1\r\nhost: a\r\n\r\n';
  const LONG = 'POST /2 HTTP/1.1\r\ncontent-length: 9\r\n\r\n';
  const CHUNKED = 'POST /3 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n';
  const BODIES: Record<string, string> = { [HEAD]: '', [LONG]: '\r\n\r\na\r\n\r\n', [CHUNKED]: '4\r\n\r\n\r\n\r\n0\r\n\r\n' };
  const HEADS = [HEAD, LONG, CHUNKED, HEAD];
  const STREAM = HEADS.map((head) => head + (BODIES[head] ?? '')).join('');

  /** What a server is given, with the place of each begin of a request; its answers end at once. */
  function pieces(cuts: readonly number[]): { given: string; most: number } {
    const socket = Object.assign(new EventEmitter(), { writable: true, pause: () => undefined, resume: () => undefined });
    const given: string[] = [];
    let part = '';
    let most = 0;
    let begun = 0;
    const waiting: EventEmitter[] = [];
    socket.on('data', (bytes: Buffer) => {
      given.push(bytes.toString());
      part += bytes.toString();
      let inPiece = 0;
      for (let next = HEADS[begun]; next !== undefined && part.includes(next); next = HEADS[begun]) {
        part = part.slice(part.indexOf(next) + next.length);
        begun += 1;
        inPiece += 1;
        const response = new EventEmitter();
        const length = /content-length: (\d+)/.exec(next)?.[1];
        const request = { complete: false, headers: length === undefined ? {} : { 'content-length': length } };
        const end = given.join('').length + (BODIES[next] ?? '').length;
        socket.prependListener('given', () => { request.complete = given.join('').length >= end; });
        connection.begin(request as unknown as IncomingMessage, response as unknown as ServerResponse);
        waiting.push(response);
      }
      most = Math.max(most, inPiece);
      socket.emit('given');
    });
    const connection = new NodeConnection(socket as unknown as Socket, fail);
    for (const [i, at] of cuts.entries()) {
      connection.read(Buffer.from(STREAM.slice(at, cuts[i + 1])));
      most = Math.max(most, waiting.length);
      while (waiting.length > 0) waiting.shift()?.emit('finish');
    }
    return { given: given.join(''), most };
  }

  it('is all that came, one request at a time, however it was cut', () => {
    for (let first = 0; first < STREAM.length; first++) {
      for (let second = first + 1; second < STREAM.length; second += 7) {
        const { given, most } = pieces(first === 0 ? [0, second] : [0, first, second]);
        expect([given, most], `cut at ${first} and ${second}`).to.deep.equal([STREAM, 1]);
      }
    }
    expect(pieces(Array.from({ length: STREAM.length }, (_, i) => i))).to.deep.equal({ given: STREAM, most: 1 });
  });

  it('waits while an answer is under way, and what waits is handed over on release', () => {
    const socket = Object.assign(new EventEmitter(), { writable: true, pauses: 0, pause: () => { socket.pauses += 1; }, resume: () => undefined });
    const given: string[] = [];
    socket.on('data', (bytes: Buffer) => { given.push(bytes.toString()); });
    const connection = new NodeConnection(socket as unknown as Socket, fail);
    const response = Object.assign(new EventEmitter(), { headersSent: false });
    connection.begin({ complete: true, headers: {} } as unknown as IncomingMessage, response as unknown as ServerResponse);
    connection.read(Buffer.from(HEAD));
    expect([given, connection.answering, connection.begun, socket.pauses]).to.deep.equal([[], true, false, 0]);
    connection.read(Buffer.alloc(64 * 1024, 'x'));
    expect(socket.pauses).to.equal(1);
    expect(connection.release().toString()).to.equal(HEAD + 'x'.repeat(64 * 1024));
    response.emit('finish');
    socket.emit('data', Buffer.from('y'));
    expect(given).to.deep.equal([]);
  });

  it('is nothing more once the connection ends with an answer', () => {
    const socket = Object.assign(new EventEmitter(), { writable: true, pause: () => undefined, resume: () => undefined });
    const given: string[] = [];
    socket.on('data', (bytes: Buffer) => { given.push(bytes.toString()); });
    const connection = new NodeConnection(socket as unknown as Socket, fail);
    const response = new EventEmitter();
    connection.begin({ complete: true, headers: {} } as unknown as IncomingMessage, response as unknown as ServerResponse);
    connection.read(Buffer.from(HEAD));
    socket.writable = false;
    response.emit('finish');
    expect(given).to.deep.equal([]);
  });
});

// What is not in Node's documentation, and what the gateway needs of it all the same.
describe('what Node\'s HTTP server does', () => {
  let server: Server;
  let client: Socket;
  afterEach(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
  });

  /** A connection whose bytes are handed to Node's own listener by hand. */
  async function connected(): Promise<{ feed: (text: string) => void; socket: Socket }> {
    server = createServer();
    const own = server.listeners('connection');
    expect(own, 'its listeners of `connection`').to.have.length(1);
    server.removeAllListeners('connection');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = await accepted;
    own[0]?.call(server, socket);
    const listeners = socket.listeners('data');
    expect(listeners, 'its listeners of `data`').to.have.length(1);
    socket.off('data', listeners[0] as () => void);
    socket.on('data', fail);
    return { socket, feed: (text) => { listeners[0]?.call(socket, Buffer.from(text)); } };
  }

  it('reads by one listener of `data`, and tells of a request before that returns', async () => {
    const { feed } = await connected();
    const seen: string[] = [];
    server.on('request', (request, response) => {
      seen.push(request.url ?? '');
      response.on('finish', () => { seen.push(response.socket === null ? 'finished, and free' : 'finished'); });
      response.end();
    });
    feed('GET /1 HTTP/1.1\r\nhost: a\r\n');
    expect(seen).to.deep.equal([]);
    feed('\r\n');
    expect(seen).to.deep.equal(['/1']);
    await once(client, 'data');
    expect(seen).to.deep.equal(['/1', 'finished, and free']); // the connection is free when an answer is finished
    feed('GET /2 HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(seen.slice(2)).to.deep.equal(['/2']);
  });

  it('says that a request is complete with its last byte', async () => {
    const { feed } = await connected();
    const requests: IncomingMessage[] = [];
    server.on('request', (request) => { requests.push(request.resume()); });
    feed('POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n');
    expect(requests[0]?.complete).to.equal(false);
    feed('{');
    expect(requests[0]?.complete).to.equal(false);
    feed('}');
    expect(requests[0]?.complete).to.equal(true);
  });

  it('gives its events out by the server\'s emit()', async () => {
    const { feed, socket } = await connected();
    const emitted: unknown[][] = [];
    const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
    server.emit = (event: string, ...args: unknown[]) => {
      if (event !== 'upgrade') return emit(event, ...args);
      emitted.push([event, ...args]);
      return true;
    };
    server.on('upgrade', fail);
    feed('GET /1 HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n');
    expect(emitted[0]?.[0]).to.equal('upgrade');
    expect(emitted[0]?.[2]).to.equal(socket);
    expect((emitted[0]?.[3] as Buffer).length).to.equal(0);
    socket.destroy();
  });

  it('gives up at the end of HTTP/2\'s preface, cut or not, with HPE_PAUSED_H2_UPGRADE', async () => {
    const { feed, socket } = await connected();
    const errors: unknown[] = [];
    server.on('clientError', (error) => { errors.push((error as NodeJS.ErrnoException).code); });
    feed('PRI * HTTP/2.0\r\n\r\n');
    feed('SM\r\n\r');
    expect(errors).to.deep.equal([]);
    feed('\n');
    expect(errors).to.deep.equal(['HPE_PAUSED_H2_UPGRADE']);
    socket.destroy();
  });

  it('gives up at an unknown method with HPE_INVALID_METHOD, and says where', async () => {
    const { feed, socket } = await connected();
    const errors: ClientError[] = [];
    server.on('clientError', (error) => { errors.push(error); });
    feed('FOO /v1/models HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(errors[0]?.code).to.equal('HPE_INVALID_METHOD');
    expect(errors[0]?.rawPacket?.toString()).to.match(/^FOO /);
    expect(errors[0]?.bytesParsed).to.be.within(0, 3);
    socket.destroy();
  });
});
