import { expect } from 'chai';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BodyMemory } from '../../../src/gateway/body-memory.js';
import { proxied, rawPost } from '../../support/proxied.js';
import { startProxy, until } from '../../support/proxy-harness.js';
import { startRawServer, type RawServer } from '../../unit/gateway/http1/raw-server.js';

const MIB = 2 ** 20;
const HEAD_END = '\r\n\r\n';

/** A body whose text is one letter over and over: a byte of any other body in it shows. */
function bodyOf(letter: string, bytes: number): string {
  const frame = JSON.stringify({ model: letter, pad: '' }).length;
  return JSON.stringify({ model: letter, pad: letter.repeat(bytes - frame) });
}

function isWhole(body: string): boolean {
  const { model, pad } = JSON.parse(body) as { model: string; pad: string };
  return model.length === 1 && pad === model.repeat(pad.length);
}

/** A provider that answers as soon as it has seen a head, and reads the body when it likes to. */
async function hastyProvider(readAfterMs: number): Promise<{ server: RawServer; bodies: string[] }> {
  const bodies: string[] = [];
  // By connection: what is unread, and how long it must be for the next request to be whole.
  const unread: { parts: string[]; length: number; wanted: number | undefined }[] = [];
  const server = await startRawServer((socket, bytes, connection) => {
    const waiting = unread[connection] ??= { parts: [], length: 0, wanted: undefined };
    waiting.parts.push(bytes);
    waiting.length += bytes.length;
    while (waiting.length > 0 && waiting.length >= (waiting.wanted ?? 0)) {
      const text = waiting.parts.join('');
      const end = text.indexOf(HEAD_END);
      if (end === -1) return;
      const start = end + HEAD_END.length;
      if (waiting.wanted === undefined) {
        waiting.wanted = start + Number(/content-length: (\d+)/.exec(text)?.[1]);
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}');
        socket.pause();
        setTimeout(() => { socket.resume(); }, readAfterMs);
        continue;
      }
      bodies.push(text.slice(start, waiting.wanted));
      Object.assign(waiting, { parts: [text.slice(waiting.wanted)], length: text.length - waiting.wanted, wanted: undefined });
    }
  });
  return { server, bodies };
}

// Rules 10 and 11: memory that one body leaves to the next.
describe('long bodies', () => {
  const suite = proxied();

  async function post(url: string, body: string, signal?: AbortSignal): Promise<number> {
    const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body, headers: { 'content-type': 'application/json' }, ...(signal === undefined ? {} : { signal }) });
    await response.text();
    return response.status;
  }

  it('arrive as they were sent, however many come together and one after the other', async () => {
    await suite.start((_q, response) => response.end('{}'));
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    for (let turn = 0; turn < 6; turn++) {
      const answers = await Promise.all(Array.from(letters, (letter, i) => post(suite.proxy.url, bodyOf(letter, 60_000 + 37_000 * ((i + turn) % 26)))));
      expect(new Set(answers)).to.deep.equal(new Set([200]));
    }
    expect(suite.upstream.requests).to.have.length(6 * 26);
    expect(suite.upstream.requests.every(({ body }) => isWhole(body.toString('latin1')))).to.equal(true);
  });

  it('are not overwritten while a provider that has answered already still reads them', async () => {
    const { server, bodies } = await hastyProvider(60);
    const proxy = await startProxy({ env: { OPENAI_BASE_URL: server.origin }, bodyMemory: new BodyMemory(256 * MIB, 16 * MIB) });
    try {
      // More than the system takes at once, so that their last bytes wait in the gateway when the answer is there.
      const sizes = Array.from({ length: 10 }, (_, i) => 9 * MIB + 100_000 * i);
      for (let i = 0; i < sizes.length; i += 5) {
        await Promise.all(sizes.slice(i, i + 5).map((size, at) => post(proxy.url, bodyOf('abcde'[at] as string, size))));
      }
      await until(() => bodies.length === sizes.length);
      expect(bodies.filter((body) => !isWhole(body))).to.have.length(0);
    } finally {
      await proxy.close();
      await server.close();
    }
  });

  it('of clients that leave in between do not spoil those that follow', async () => {
    await suite.start((_q, response) => { setTimeout(() => response.end('{}'), 5); });
    for (let turn = 0; turn < 8; turn++) {
      const left = Array.from('uvwxyz', (letter) => {
        const socket = connect(suite.proxy.port, '127.0.0.1', () => socket.write(rawPost('/v1/chat/completions', bodyOf(letter, 500_000)).slice(0, 100_000 + 40_000 * turn)));
        socket.on('error', () => undefined);
        return socket;
      });
      const gone = Array.from('rst', async (letter) => {
        await post(suite.proxy.url, bodyOf(letter, 400_000), AbortSignal.timeout(turn + 1)).catch(() => undefined);
      });
      await sleep(3);
      for (const socket of left) socket.destroy();
      await Promise.all([...gone, ...Array.from('abcdef', (letter, i) => post(suite.proxy.url, bodyOf(letter, 100_000 + 70_000 * i)))]);
    }
    const whole = suite.upstream.requests.map(({ body }) => body.toString('latin1'));
    expect(whole.filter((body) => 'abcdef'.includes(body[10] as string))).to.have.length(8 * 6);
    expect(whole.every(isWhole)).to.equal(true);
  });
});
