import { expect } from 'chai';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { Call } from '../../../../src/gateway/http1/call.js';
import { ConnectionLimit } from '../../../../src/gateway/http1/connection-limit.js';
import { OriginPool } from '../../../../src/gateway/http1/origin-pool.js';
import { GET, Listener, startRawServer, type RawServer } from './raw-server.js';

/** Numbers that are the same in each run. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

interface Script {
  readonly bytes: string;
  /** Nothing in it is broken: both must read it to its end. */
  readonly sound: boolean;
  readonly cuts: readonly number[];
  readonly end: 'FIN' | 'RST';
  readonly pauses: readonly number[];
}

const ODD_LINES = [
  'x-a: b\r\n c', 'x-a : b', 'x a: b', ': b', 'xa', 'x-a: \0', 'x-a: a\rb', 'content-length: 5', 'content-length: 4, 4',
  'content-length: +4', 'content-length: ', 'transfer-encoding: identity', 'transfer-encoding: chunked', 'transfer-encoding:\x0bchunked',
  'transfer-encoding: chunked, chunked', 'connection: close', 'connection: keep-alive', 'content-length:4',
];
const STATUS_LINES = [
  'HTTP/1.1 200 OK', 'HTTP/1.1 404 Not Found', 'HTTP/1.0 200 OK', 'HTTP/1.1 200', 'HTTP/1.1 500 \xff', 'HTTP/1.1 299 x',
];
const ODD_STATUS_LINES = ['HTTP/2.0 200 OK', 'HTTP/1.1 20 OK', 'HTTP/1.1  200 OK', 'http/1.1 200 OK', 'HTTP/1.1 2000 OK', '{"a":1}', ''];

function body(random: Random): string {
  return 'abcdefghij'.repeat(random.below(4)) + 'x\r\n0\r\n\r\n'.slice(0, random.below(9));
}

function chunked(text: string, random: Random): string {
  let out = '';
  for (let at = 0; at < text.length;) {
    const size = 1 + random.below(text.length - at);
    out += `${random.of([size.toString(16), `0${size.toString(16)}`, `${size.toString(16)};a=b`])}\r\n${text.slice(at, at + size)}\r\n`;
    at += size;
  }
  return `${out}${random.of(['0', '000'])}\r\n${random.of(['', 'x-t: 1\r\n'])}\r\n`;
}

function answer(random: Random): { bytes: string; sound: boolean } {
  const text = body(random);
  const framing = random.of(['length', 'chunked', 'close'] as const);
  const lines: string[] = [];
  if (framing === 'length') lines.push(`Content-Length: ${text.length}`);
  if (framing === 'chunked') lines.push('Transfer-Encoding: chunked');
  if (random.below(2) === 0) lines.push('x-header:  v\xe9 ');
  let sound = true;
  let status = random.of(STATUS_LINES);
  if (framing === 'chunked' && status.startsWith('HTTP/1.0')) status = 'HTTP/1.1 200 OK';
  if (random.below(3) === 0) {
    sound = false;
    if (random.below(3) === 0) status = random.of(ODD_STATUS_LINES);
    else lines.splice(random.below(lines.length + 1), 0, random.of(ODD_LINES));
  }
  let bytes = `${status}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${framing === 'chunked' ? chunked(text, random) : text}`;
  if (random.below(5) === 0) bytes = `HTTP/1.1 ${random.of(['100 Continue', '103 Early Hints\r\nlink: a'])}\r\n\r\n${bytes}`;
  if (random.below(3) === 0) {
    sound = false;
    const at = random.below(bytes.length + 1);
    bytes = random.of([
      () => bytes.slice(0, at),
      () => bytes.slice(0, at) + random.of(['\n', '\r', '\0', ' ', '0', ';']) + bytes.slice(at),
      () => bytes.slice(0, at) + bytes.slice(at + 1),
      () => bytes.replace('\r\n', '\n'),
      () => `${bytes}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged`,
    ])();
  }
  return { bytes, sound };
}

function scriptOf(random: Random): Script {
  const { bytes, sound } = answer(random);
  const cuts = Array.from({ length: random.below(5) }, () => random.below(bytes.length + 1)).sort((a, b) => a - b);
  return {
    bytes, sound, cuts, end: random.below(4) === 0 ? 'RST' : 'FIN',
    pauses: Array.from({ length: random.below(4) }, () => random.below(6)),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

async function play(socket: Socket, { bytes, cuts, end }: Script): Promise<void> {
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    if (to > from) socket.write(bytes.slice(from, to), 'latin1');
    from = to;
    await turn();
  }
  await turn();
  if (end === 'FIN') socket.end();
  else socket.resetAndDestroy();
}

interface Reading {
  readonly status: number | undefined;
  readonly body: string;
  readonly whole: boolean;
}

async function ours(pool: OriginPool, { pauses }: Script): Promise<Reading> {
  const listener = new Listener();
  const call = new Call(GET, listener);
  let pieces = 0;
  listener.onData = () => {
    if (!pauses.includes(pieces++)) return;
    call.pause();
    void (async () => {
      for (let i = 0; i < 12; i++) await turn();
      call.resume();
    })();
  };
  pool.dispatch(call);
  const { head, body: text, error } = await listener.done;
  return { status: head?.status, body: text, whole: error === undefined };
}

/** What Node's own client makes of the same answer. */
function judged(origin: string): Promise<Reading> {
  return new Promise((resolve) => {
    let status: number | undefined;
    let text = '';
    let whole = false;
    const request = httpRequest(origin, { agent: false }, (response) => {
      status = response.statusCode;
      response.setEncoding('latin1');
      response.on('data', (part: string) => { text += part; });
      response.on('error', () => undefined);
      response.on('end', () => { whole = response.complete; });
      response.on('close', () => { resolve({ status, body: text, whole }); });
    });
    request.on('error', () => { if (status === undefined) resolve({ status, body: text, whole }); });
    request.end();
  });
}

describe('answers, sound and broken, beside what node:http makes of them', () => {
  let server: RawServer;
  let script: Script;

  before(async () => {
    const answered = new WeakSet<Socket>();
    server = await startRawServer((socket) => {
      if (answered.has(socket)) return;
      answered.add(socket);
      void play(socket, script);
    });
  });
  after(() => server.close());

  for (const seed of [1, 2, 3, 4]) {
    it(`whatever we take for whole, it does, and we read what is sound to its end (seed ${seed})`, async () => {
      const random = new Random(seed);
      let wholes = 0;
      for (let i = 0; i < 250; i++) {
        script = scriptOf(random);
        const pool = new OriginPool(server.origin, { connectTimeoutMs: 2_000, limit: new ConnectionLimit(100, () => false) });
        const mine = await ours(pool, script);
        pool.close();
        const judge = await judged(server.origin);
        const about = `case ${i}: ${JSON.stringify(script)}`;
        if (mine.whole) expect({ ...mine }, about).to.deep.equal({ ...judge });
        if (script.sound && script.end === 'FIN') expect(mine.whole, about).to.equal(true);
        if (mine.whole) wholes += 1;
      }
      expect(wholes).to.be.greaterThan(60);
    });
  }
});
