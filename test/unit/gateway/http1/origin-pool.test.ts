import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { Call } from '../../../../src/gateway/http1/call.js';
import { ConnectionLimit } from '../../../../src/gateway/http1/connection-limit.js';
import { OriginPool } from '../../../../src/gateway/http1/origin-pool.js';
import { call, GET, Listener, settle, startRawServer, type RawServer } from './raw-server.js';
import type { Socket } from 'node:net';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi';

describe('the connections to a provider', () => {
  let server: RawServer;
  let pool: OriginPool;

  async function serve(answer: (socket: Socket, text: string, connection: number) => void): Promise<void> {
    server = await startRawServer(answer);
    pool = new OriginPool(server.origin, { connectTimeoutMs: 2_000, limit: new ConnectionLimit(1_000, () => false) });
  }

  afterEach(async () => {
    pool.close();
    await server.close();
  });

  describe('answers', () => {
    const forms: readonly (readonly [string, string, string])[] = [
      ['with a length', OK, 'hi'],
      ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\n wo\r\n0\r\n\r\n', 'hi wo'],
      ['after informational heads', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}`, 'hi'],
      ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
      ['of length 0', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', ''],
    ];
    for (const [what, answer, body] of forms) {
      it(`${what} are read however they are cut, on one connection`, async () => {
        let cut = 0;
        await serve((socket) => {
          const at = cut;
          socket.write(answer.slice(0, at), 'latin1');
          setTimeout(() => { socket.write(answer.slice(at), 'latin1'); }, at === 0 ? 0 : 1);
        });
        for (cut = 0; cut < answer.length; cut++) {
          const heard = await call(pool);
          expect(heard.error, `cut at ${cut}`).to.equal(undefined);
          expect(heard.body, `cut at ${cut}`).to.equal(body);
          expect(heard.head?.status).to.be.oneOf([200, 204]);
        }
        expect(server.sockets).to.have.length(1);
      });
    }

    it('that end with the connection are whole at its end', async () => {
      await serve((socket) => { socket.end('HTTP/1.1 200 OK\r\n\r\nhello'); });
      expect((await call(pool)).body).to.equal('hello');
      expect((await call(pool)).body).to.equal('hello');
      expect(server.sockets).to.have.length(2);
    });

    it('to HEAD have no body, whatever length they name', async () => {
      await serve((socket) => { socket.write('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n'); });
      const heard = await call(pool, { ...GET, method: 'HEAD' });
      expect(heard.head?.headers).to.deep.equal(['content-length', '500']);
      expect(heard.error).to.equal(undefined);
    });
  });

  describe('requests', () => {
    it('are sent with host, length and their own headers', async () => {
      let text = '';
      await serve((socket, bytes) => { text += bytes; socket.write(OK); });
      await call(pool, { method: 'POST', path: '/v1/x?a=1', headers: ['X-Name', 'caf\xe9'], body: Buffer.from('{}') });
      expect(text).to.equal(`POST /v1/x?a=1 HTTP/1.1\r\nhost: ${server.origin.slice(7)}\r\nconnection: keep-alive\r\nX-Name: caf\xe9\r\ncontent-length: 2\r\n\r\n{}`);
    });

    it('of any size arrive whole', async () => {
      const body = Buffer.alloc(3_000_000, 'x');
      let missing = body.length;
      await serve((socket, bytes) => {
        missing -= bytes.startsWith('POST') ? bytes.length - bytes.indexOf('\r\n\r\n') - 4 : bytes.length;
        if (missing === 0) socket.write(OK);
      });
      const heard = await call(pool, { method: 'POST', path: '/', headers: [], body });
      expect(heard.body).to.equal('hi');
    });

    it('without a body say so where a body is usual', async () => {
      let text = '';
      await serve((socket, bytes) => { text += bytes; socket.write(OK); });
      await call(pool, { ...GET, method: 'POST' });
      expect(text).to.contain('\r\ncontent-length: 0\r\n');
      text = '';
      await call(pool);
      expect(text).not.to.contain('content-length');
    });

    it('that cannot be written as HTTP/1.1 are not sent', async () => {
      let requests = 0;
      await serve((socket) => { requests += 1; socket.write(OK); });
      const values = ['a\r\nx-b: 1', 'a\nb', 'a\0', '\u0100', 'sk-\u200bx-b'];
      for (const unsendable of [
        ...values.map((value) => ({ headers: ['authorization', value] })),
        ...['x-a: x-b\r\nc', 'a b', '', 'é', 'a:'].map((name) => ({ headers: [name, 'x-b'] })),
        ...['', '/ x-b', '/\r\n', 'x-b', '/\0', '/\u0100'].map((path) => ({ path })),
        ...['', 'GET /x-b', 'GET\r\n', 'G\u00c9T'].map((method) => ({ method })),
      ]) {
        const heard = await call(pool, { ...GET, ...unsendable });
        expect(heard.error?.code, JSON.stringify(unsendable)).to.equal('UNSENDABLE_REQUEST');
        expect(heard.error?.message).not.to.contain('x-b');
        expect(heard.sent).to.equal(false);
      }
      expect((await call(pool)).body).to.equal('hi');
      expect(requests).to.equal(1);
    });

    it('with a streamed body go in chunks where its length is unknown', async () => {
      let text = '';
      await serve((socket, bytes) => {
        text += bytes;
        if (text.endsWith('0\r\n\r\n')) socket.write(OK);
      });
      const body = new PassThrough();
      const answer = call(pool, { method: 'POST', path: '/', headers: [], body });
      body.write('hello');
      setTimeout(() => { body.end(' world'); }, 5);
      expect((await answer).body).to.equal('hi');
      expect(text).to.match(/\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n$/);
    });

    it('with a streamed body go as they are where its length is declared', async () => {
      let text = '';
      await serve((socket, bytes) => {
        text += bytes;
        if (text.endsWith('world')) socket.write(OK);
      });
      const body = new PassThrough();
      const answer = call(pool, { method: 'POST', path: '/', headers: ['content-length', '11'], body });
      body.end('hello world');
      expect((await answer).body).to.equal('hi');
      expect(text).not.to.contain('transfer-encoding');
    });

    for (const [what, headers] of [['chunks', []], ['a declared length', ['content-length', '100']]] as const) {
      it(`whose streamed body breaks off are broken off, not ended (${what})`, async () => {
        let text = '';
        await serve((_socket, bytes) => { text += bytes; });
        const body = new PassThrough();
        const answer = call(pool, { method: 'POST', path: '/', headers, body });
        body.write('hello');
        await settle();
        body.destroy();
        expect((await answer).error?.code).to.equal('ECONNRESET');
        await settle();
        expect(server.sockets[0]?.destroyed).to.equal(true);
        expect(text).to.match(/\r\n\r\n(?:5\r\n)?hello(?:\r\n)?$/);
      });
    }

    it('wait for a provider that reads slowly', async () => {
      await serve((socket) => { socket.pause(); setTimeout(() => { socket.resume(); }, 30); });
      const body = new PassThrough();
      void call(pool, { method: 'POST', path: '/', headers: [], body });
      let written = 0;
      while (body.write(Buffer.alloc(64 * 1024)) && written < 400) written += 1;
      await settle();
      for (let i = 0; i < 400 && body.readableLength === 0; i++) {
        body.write(Buffer.alloc(64 * 1024));
        await new Promise((resolve) => { setImmediate(resolve); });
      }
      expect(body.readableLength).to.be.greaterThan(0);
    });
  });

  describe('a connection', () => {
    it('carries one call after the other, and another one those at the same time', async () => {
      await serve((socket) => { setTimeout(() => { socket.write(OK); }, 2); });
      for (let i = 0; i < 3; i++) await call(pool);
      expect(server.sockets).to.have.length(1);
      await Promise.all([call(pool), call(pool), call(pool)]);
      expect(server.sockets).to.have.length(3);
    });

    for (const [what, answer] of [
      ['the server says close', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi'],
      ['the server speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi'],
      ['the server keeps it for a second only', 'HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nhi'],
      ['bytes follow the answer', `${OK}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged`],
      ['bytes follow a 204', 'HTTP/1.1 204 No Content\r\ncontent-length: 6\r\n\r\n'],
    ] as const) {
      it(`is not used again where ${what}`, async () => {
        await serve((socket, _text, connection) => { socket.write(connection === 1 ? answer : OK); });
        await call(pool);
        await settle();
        expect((await call(pool)).body).to.equal('hi');
        expect(server.sockets).to.have.length(2);
      });
    }

    it('never gives bytes that came unasked to the next call', async () => {
      await serve((socket, _text, connection) => {
        if (connection > 1) socket.write(OK);
        else {
          socket.write(OK);
          setImmediate(() => { socket.write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged'); });
        }
      });
      expect((await call(pool)).body).to.equal('hi');
      await settle();
      expect((await call(pool)).body).to.equal('hi');
      expect(server.sockets).to.have.length(2);
    });

    it('reads what came unasked before it sends, also when the loop had no time to see it', async () => {
      await serve((socket) => { socket.write(OK); });
      await call(pool);
      await settle();
      server.sockets[0]?.write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged');
      expect((await call(pool)).body).to.equal('hi');
      expect(server.sockets).to.have.length(2);
    });

    it('is free again after an answer that was paused to its end', async () => {
      const large = 'x'.repeat(200_000);
      await serve((socket) => { socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${large.length}\r\n\r\n${large}`); });
      for (let i = 0; i < 5; i++) {
        const listener = new Listener();
        const paused = new Call(GET, listener);
        listener.onData = () => {
          paused.pause();
          setTimeout(() => { paused.resume(); }, 1);
        };
        pool.dispatch(paused);
        expect((await listener.done).body.length).to.equal(large.length);
      }
      expect(server.sockets).to.have.length(1);
    });

    for (const framing of ['length', 'chunks'] as const) {
      it(`that is paused at the last byte does not stay so for the next call (${framing})`, async () => {
        await serve((socket) => { socket.write(framing === 'length' ? OK : 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'); });
        for (let i = 0; i < 3; i++) {
          const listener = new Listener();
          const paused = new Call(GET, listener);
          listener.onData = () => {
            paused.pause();
            setTimeout(() => { paused.resume(); }, 2);
          };
          pool.dispatch(paused);
          expect((await listener.done).body).to.equal('hi');
        }
        expect(server.sockets).to.have.length(1);
      });
    }

    it('gives nothing while paused', async () => {
      await serve((socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n');
        setTimeout(() => { socket.write('1\r\nc\r\n0\r\n\r\n'); }, 5);
      });
      const listener = new Listener();
      const paused = new Call(GET, listener);
      listener.onData = () => { paused.pause(); };
      pool.dispatch(paused);
      await settle();
      await settle();
      expect(listener.body).to.equal('a');
      listener.onData = undefined;
      paused.resume();
      expect((await listener.done).body).to.equal('abc');
    });

    it('is closed after an answer that came before the request was whole', async () => {
      await serve((socket, text) => { if (text.startsWith('POST') || text.startsWith('GET')) socket.write(OK); });
      const body = new PassThrough();
      const answer = call(pool, { method: 'POST', path: '/', headers: [], body });
      body.write('a part');
      expect((await answer).body).to.equal('hi');
      body.end('more');
      await settle();
      expect((await call(pool)).body).to.equal('hi');
      expect(server.sockets).to.have.length(2);
    });

    it('is closed after an answer that came before a long body was all sent', async () => {
      await serve((socket, _text, connection) => {
        if (connection === 1) socket.pause(); // it never reads the rest
        socket.write(OK);
      });
      const early = await call(pool, { method: 'POST', path: '/', headers: [], body: Buffer.alloc(64 * 1024 * 1024) });
      expect(early.body).to.equal('hi');
      expect((await call(pool)).body).to.equal('hi');
      expect(server.sockets).to.have.length(2);
    });

    it('that the server closes while idle is replaced', async () => {
      await serve((socket) => { socket.write(OK); });
      await call(pool);
      server.sockets[0]?.end();
      await settle();
      expect((await call(pool)).body).to.equal('hi');
      expect(server.sockets).to.have.length(2);
    });
  });

  describe('failures', () => {
    for (const [what, answer, code] of [
      ['the connection ends without an answer', '', 'ECONNRESET'],
      ['it ends in the head', 'HTTP/1.1 200 OK\r\ncontent-le', 'ECONNRESET'],
      ['it ends before the length is reached', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhi', 'ECONNRESET'],
      ['it ends between chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n', 'ECONNRESET'],
      ['it ends before the last line of the chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n', 'ECONNRESET'],
      ['the answer is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'UPSTREAM_PROTOCOL'],
      ['the answer is no HTTP and has no head that ends', '220 smtp.example ESMTP\r\n', 'UPSTREAM_PROTOCOL'],
      ['the protocol is switched', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n', 'UPSTREAM_PROTOCOL'],
      ['the head has no end', `HTTP/1.1 200 OK\r\nx-a: ${'y'.repeat(70_000)}`, 'UPSTREAM_PROTOCOL'],
      ['the lines of the head end in LF alone', 'HTTP/1.1 200 OK\ncontent-length: 2\n\nhi', 'UPSTREAM_PROTOCOL'],
      ['one of them does', 'HTTP/1.1 200 OK\r\nx-a: 1\ncontent-length: 2\r\n', 'UPSTREAM_PROTOCOL'],
      ['the lines of the head end in CR alone', 'HTTP/1.1 200 OK\rcontent-length: 2\r\rhi', 'UPSTREAM_PROTOCOL'],
      ['the head begins with an empty line', '\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi', 'UPSTREAM_PROTOCOL'],
      ['a chunk has no size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 'UPSTREAM_PROTOCOL'],
    ] as const) {
      it(`are told once: ${what}`, async () => {
        await serve((socket) => { if (code === 'ECONNRESET') socket.end(answer); else socket.write(answer); });
        const listener = new Listener();
        pool.dispatch(new Call(GET, listener));
        expect((await listener.done).error?.code).to.equal(code);
        expect(listener.sent).to.equal(true);
        await settle();
        expect(listener.ends).to.equal(1);
      });
    }

    it('to connect are told as not sent', async () => {
      await serve(() => undefined);
      const { origin } = server;
      await server.close();
      const dead = new OriginPool(origin, { connectTimeoutMs: 0, limit: new ConnectionLimit(1_000, () => false) });
      const heard = await call(dead);
      dead.close();
      expect(heard.error?.code).to.equal('ECONNREFUSED');
      expect(heard.sent).to.equal(false);
    });

    it('include a handshake that never ends', async () => {
      await serve(() => undefined);
      const silent = createServer(() => undefined);
      silent.listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const secure = new OriginPool(`https://127.0.0.1:${(silent.address() as AddressInfo).port}`, { connectTimeoutMs: 30, limit: new ConnectionLimit(1_000, () => false) });
      const heard = await call(secure);
      secure.close();
      silent.close();
      expect(heard.error?.code).to.equal('ETIMEDOUT');
      expect(heard.sent).to.equal(false);
    });
  });

  describe('an abort', () => {
    it('in the middle of an answer ends the connection and is the last that is heard', async () => {
      await serve((socket) => { socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhi'); });
      const listener = new Listener();
      const aborted = new Call(GET, listener);
      listener.onData = () => { aborted.abort(); };
      pool.dispatch(aborted);
      while (server.sockets[0]?.destroyed !== true) await settle();
      expect(listener.body).to.equal('hi');
      expect(listener.ends).to.equal(0);
    });

    it('before there is a connection leaves it to the next call', async () => {
      let requests = 0;
      await serve((socket) => { requests += 1; socket.write(OK); });
      const listener = new Listener();
      const aborted = new Call(GET, listener);
      pool.dispatch(aborted);
      aborted.abort();
      await settle();
      expect((await call(pool)).body).to.equal('hi');
      expect(listener.ends).to.equal(0);
      expect(requests).to.equal(1);
      expect(server.sockets).to.have.length(1);
    });

    it('after the end does nothing to the call that has the connection now', async () => {
      await serve((socket) => { setTimeout(() => { socket.write(OK); }, 3); });
      const listener = new Listener();
      const first = new Call(GET, listener);
      pool.dispatch(first);
      await listener.done;
      const second = call(pool);
      await new Promise((resolve) => { setImmediate(resolve); });
      first.abort();
      first.pause();
      expect((await second).body).to.equal('hi');
      expect(server.sockets).to.have.length(1);
    });
  });
});
