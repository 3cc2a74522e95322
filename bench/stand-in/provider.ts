import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { jsonAnswer, streamAnswer } from './answers.js';
import type { Script, ScriptOrder, StandInReport } from './script.js';

/**
 * The stand-in provider as a process of its own: raw sockets, answers made in advance, so that it
 * costs far less than any gateway before it. `TLS_KEY_FILE` and `TLS_CERT_FILE` add a TLS port.
 */

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

let script: Script = { kind: 'json', textBytes: 350 };
let answer = jsonAnswer(350);
let writes: Buffer[] = [];
let answered = 0;

/** Streams without delay, whose next event is written in the next turn of the loop. */
const turns = new Set<Client>();
let turning = false;

class Client {
  readonly #socket: Socket;
  #head: Buffer | undefined;
  /** Bytes of the request still to come; -1 = its head is not complete; Infinity = until the last chunk. */
  #missing = -1;
  #writes: Buffer[] = [];
  #next = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => { this.#onData(data); });
    socket.on('error', () => undefined);
    socket.on('close', () => { turns.delete(this); });
  }

  #onData(data: Buffer): void {
    if (this.#missing === -1) {
      const bytes = this.#head === undefined ? data : Buffer.concat([this.#head, data]);
      const end = bytes.indexOf(HEAD_END);
      if (end === -1) {
        this.#head = bytes;
        return;
      }
      this.#head = undefined;
      const head = bytes.toString('latin1', 0, end);
      const length = /\r\ncontent-length: *(\d+)/i.exec(head);
      if (length === null && /\r\ntransfer-encoding:/i.test(head)) this.#missing = Number.POSITIVE_INFINITY;
      else this.#missing = Number(length?.[1] ?? 0) - (bytes.length - end - HEAD_END.length);
    } else {
      this.#missing -= data.length;
    }
    if (this.#missing <= 0 || (this.#missing === Number.POSITIVE_INFINITY && data.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK))) {
      this.#missing = -1;
      this.#answer();
    }
  }

  #answer(): void {
    answered += 1;
    if (script.kind === 'json') {
      this.#socket.write(answer);
      return;
    }
    this.#writes = writes;
    this.#next = 0;
    this.turn();
  }

  /** Writes the next event and arranges the one after it. */
  turn(): void {
    if (this.#socket.destroyed) return;
    this.#socket.write(this.#writes[this.#next] as Buffer);
    this.#next += 1;
    if (this.#next === this.#writes.length) return;
    if (script.kind === 'stream' && script.delayMs > 0) {
      setTimeout(nextTurn, script.delayMs, this);
      return;
    }
    turns.add(this);
    if (!turning) {
      turning = true;
      setImmediate(takeTurns);
    }
  }
}

function nextTurn(client: Client): void {
  client.turn();
}

function takeTurns(): void {
  turning = false;
  const now = [...turns];
  turns.clear();
  for (const client of now) client.turn();
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', 4096, () => { resolve((server.address() as AddressInfo).port); });
  });
}

function tell(report: StandInReport): void {
  process.send?.(report);
}

process.on('message', ({ id, script: wanted }: ScriptOrder) => {
  script = wanted;
  if (wanted.kind === 'json') answer = jsonAnswer(wanted.textBytes);
  else writes = streamAnswer(wanted.chunks);
  tell({ kind: 'scripted', id, answered });
});
process.on('disconnect', () => { process.exit(0); });

const { TLS_KEY_FILE: key, TLS_CERT_FILE: cert } = process.env;
const port = await listen(createServer((socket) => new Client(socket)));
const tlsPort = key === undefined || cert === undefined ? undefined
  : await listen(createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => new Client(socket)));
tell({ kind: 'listening', port, tlsPort });
