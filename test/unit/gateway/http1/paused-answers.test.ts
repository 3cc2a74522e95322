import { expect } from 'chai';
import type { Socket } from 'node:net';
import { Call } from '../../../../src/gateway/http1/call.js';
import { ConnectionLimit } from '../../../../src/gateway/http1/connection-limit.js';
import { OriginPool } from '../../../../src/gateway/http1/origin-pool.js';
import { call, GET, Listener, settle, startRawServer, type RawServer } from './raw-server.js';

const CHUNKS = ['one', 'two', 'three'];
const BODY = CHUNKS.join('');
const CHUNKED = CHUNKS.map((chunk) => `${chunk.length}\r\n${chunk}\r\n`).join('');
const HEAD = 'HTTP/1.1 200 OK\r\n';
const FRAMINGS = {
  'chunks': `${HEAD}transfer-encoding: chunked\r\n\r\n${CHUNKED}0\r\n\r\n`,
  'chunks with a trailer': `${HEAD}transfer-encoding: chunked\r\n\r\n${CHUNKED}0\r\nx-a: 1\r\n\r\n`,
  'a length': `${HEAD}content-length: ${BODY.length}\r\n\r\n${BODY}`,
  'a length, announcing the close': `${HEAD}connection: close\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
  'the end of the connection': `${HEAD}\r\n${BODY}`,
};
const ENDS = ['FIN', 'RST', 'nothing'] as const;
type End = (typeof ENDS)[number];

describe('an answer that waits for its reader', () => {
  let server: RawServer;
  let pool: OriginPool;

  async function serve(answer: string, end: End): Promise<void> {
    server = await startRawServer((socket) => { send(socket, answer, end); });
    pool = new OriginPool(server.origin, { connectTimeoutMs: 2_000, limit: new ConnectionLimit(100, () => false) });
  }

  function send(socket: Socket, answer: string, end: End): void {
    if (end === 'FIN') socket.end(answer, 'latin1');
    else socket.write(answer, 'latin1', () => { if (end === 'RST') setImmediate(() => { socket.resetAndDestroy(); }); });
  }

  /** Reads an answer with a pause at that piece of it, which lasts until the end of the connection is known. */
  async function read(pauseAt: number, end: End): Promise<Listener> {
    const listener = new Listener();
    const paused = new Call(GET, listener);
    let pieces = 0;
    listener.onData = () => {
      if (pieces++ !== pauseAt) return;
      paused.pause();
      void (async () => {
        // Our side answers the FIN by itself, and then the server's socket closes.
        while (end === 'FIN' && server.sockets[0]?.destroyed !== true) await settle();
        await settle();
        paused.resume();
      })();
    };
    pool.dispatch(paused);
    await listener.done;
    return listener;
  }

  afterEach(async () => {
    pool.close();
    await server.close();
  });

  for (const [framing, answer] of Object.entries(FRAMINGS)) {
    for (const end of ENDS) {
      if (framing === 'the end of the connection' && end === 'nothing') continue;
      for (let pauseAt = 0; pauseAt < CHUNKS.length; pauseAt++) {
        const whole = framing !== 'the end of the connection' || end === 'FIN';
        it(`${framing}, then ${end}, paused at piece ${pauseAt + 1}: ${whole ? 'is whole' : 'is not whole'}`, async () => {
          await serve(answer, end);
          const { body, error, ends } = await read(pauseAt, end);
          if (whole) expect(error).to.equal(undefined);
          // A reset is not the end of a body that has no other.
          else expect(error?.code).to.be.oneOf(['ECONNRESET', 'EPIPE']);
          if (whole) expect(body).to.equal(BODY);
          await settle();
          expect(ends).to.equal(1);
        });
      }
    }
  }

  for (const [what, answer] of [
    ['is cut between chunks', `${HEAD}transfer-encoding: chunked\r\n\r\n${CHUNKED}`],
    ['is cut in a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\n${CHUNKED}9\r\npart`],
    ['is cut in the last line', `${HEAD}transfer-encoding: chunked\r\n\r\n${CHUNKED}0\r\n`],
    ['is shorter than its length', `${HEAD}content-length: 99\r\n\r\n${BODY}`],
  ] as const) {
    for (const end of ['FIN', 'RST'] as const) {
      it(`and ${what}, then ${end}: fails once, after what there was`, async () => {
        await serve(answer, end);
        const { body, error, ends } = await read(0, end);
        expect(error?.code).to.be.oneOf(['ECONNRESET', 'EPIPE']);
        expect(BODY + 'part').to.include(body);
        await settle();
        expect(ends).to.equal(1);
      });
    }
  }

  it('is not the last on its connection, unless the server closed it', async () => {
    await serve(FRAMINGS['a length'], 'nothing');
    await read(0, 'nothing');
    await call(pool);
    expect(server.sockets).to.have.length(1);
  });

  it('with no body is over although the server closes while the reader is paused', async () => {
    for (const status of ['204 No Content', '304 Not Modified']) {
      await serve(`HTTP/1.1 ${status}\r\n\r\n`, 'FIN');
      const listener = new Listener();
      const paused = new Call(GET, listener);
      paused.pause();
      pool.dispatch(paused);
      expect((await listener.done).error).to.equal(undefined);
      pool.close();
      await server.close();
    }
    await serve('HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n', 'FIN');
    const listener = new Listener();
    const paused = new Call({ ...GET, method: 'HEAD' }, listener);
    paused.pause();
    pool.dispatch(paused);
    expect((await listener.done).error).to.equal(undefined);
  });

  it('waits also where the pause came before there was a connection', async () => {
    await serve(FRAMINGS.chunks, 'nothing');
    const listener = new Listener();
    const paused = new Call(GET, listener);
    paused.pause();
    pool.dispatch(paused);
    while (listener.head === undefined) await settle();
    await settle();
    expect(listener.body).to.equal('');
    paused.resume();
    expect((await listener.done).body).to.equal(BODY);
  });
});
