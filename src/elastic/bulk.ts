import type { Elastic } from './client.js';
import type { PiecedBody } from './pieced-body.js';
import { judgeAnswer, type WholeVerdict } from './verdict.js';

/** Where a line carries its id and its time: offsets from its first byte, without the quotes. */
export interface LineOffsets {
  readonly idStart: number;
  readonly idEnd: number;
  readonly timestampStart: number;
  readonly timestampEnd: number;
}

/** The server gives up waiting for a primary after this… */
const SERVER_TIMEOUT = '30s';
/** …and we give up waiting for the server after that, so that its own answer comes first. */
export const BULK_TIMEOUT_MS = 60_000;
const PLACES = { none: '', index: ',items.*._index', 'index-and-id': ',items.*._index,items.*._id' } as const;
const READ = 'errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by';

/** Bodies are never of one size: memory is made in steps, so that the next one fits. */
const MEMORY_STEP = 1024 * 1024;

/** A piece of a body: half a millisecond to make and to send. */
const PIECE_BYTES = 512 * 1024;

const ACTION_START = Buffer.from('{"create":{"_id":"');
const ACTION_END = Buffer.from('"}}\n');
const TIMESTAMP_MEMBER = Buffer.from(',"@timestamp":"');
const QUOTE = Buffer.from('"');

/** Whole lines one after another. */
export interface LineRun {
  /** Newlines included. */
  readonly bytes: Buffer;
  /** Where each line ends in `bytes`. */
  readonly ends: readonly number[];
}

/**
 * The body of a bulk request, made while it is sent: lines, framed unparsed. The operation is `create` under the line's own id.
 */
export class BulkBody implements PiecedBody {
  readonly bytes: number;
  /** Where it is made, piece after piece. */
  readonly memory: Buffer;
  readonly #runs: readonly LineRun[];
  readonly #offsets: LineOffsets;
  readonly #timestamped: boolean;
  #isFinished = false;
  /** Pieces are being made for so many requests: one that was given up may make one more. */
  #making = 0;

  /**
   * `timestamped` also writes the time as `@timestamp`, which data streams demand. The body is made in `memory` where
   * that is given and large enough, else in new memory that the next may use.
   */
  constructor(runs: readonly LineRun[], offsets: LineOffsets, timestamped: boolean, memory?: Buffer) {
    const timeLength = offsets.timestampEnd - offsets.timestampStart;
    const perLine = framingBytes(offsets) + (timestamped ? TIMESTAMP_MEMBER.length + timeLength + QUOTE.length : 0);
    this.bytes = runs.reduce((sum, { bytes, ends }) => sum + bytes.length + ends.length * perLine, 0);
    this.memory = memory !== undefined && memory.length >= this.bytes ? memory : Buffer.allocUnsafeSlow(Math.ceil(this.bytes / MEMORY_STEP) * MEMORY_STEP);
    this.#runs = runs;
    this.#offsets = offsets;
    this.#timestamped = timestamped;
  }

  /** All of it was made: nothing is written to `memory` any more. */
  get isWhole(): boolean {
    return this.#isFinished && this.#making === 0;
  }

  /** The lines must not change until the last piece was taken. */
  * pieces(): Generator<Buffer, void> {
    this.#isFinished = false;
    this.#making++;
    try {
      yield* this.#frame();
      this.#isFinished = true;
    } finally {
      this.#making--;
    }
  }

  * #frame(): Generator<Buffer, void> {
    const { memory } = this;
    const offsets = this.#offsets;
    let position = 0;
    let given = 0;
    // Byte by byte: for so few, a call of the system's copy costs more.
    const put = (bytes: Buffer, from: number, to: number): void => {
      for (let i = from; i < to; i++) memory[position++] = bytes[i] as number;
    };
    for (const { bytes, ends } of this.#runs) {
      let from = 0;
      for (const end of ends) {
        put(ACTION_START, 0, ACTION_START.length);
        put(bytes, from + offsets.idStart, from + offsets.idEnd);
        put(ACTION_END, 0, ACTION_END.length);
        if (this.#timestamped) {
          const after = from + offsets.timestampEnd + QUOTE.length;
          put(bytes, from, after);
          put(TIMESTAMP_MEMBER, 0, TIMESTAMP_MEMBER.length);
          put(bytes, from + offsets.timestampStart, after);
          from = after;
        }
        position += bytes.copy(memory, position, from, end);
        from = end;
        if (position - given >= PIECE_BYTES) {
          yield memory.subarray(given, position);
          given = position;
        }
      }
    }
    if (position > given) yield memory.subarray(given, position);
  }
}

/** The bytes that a BulkBody adds to a line. */
export function framingBytes(offsets: LineOffsets): number {
  return ACTION_START.length + offsets.idEnd - offsets.idStart + ACTION_END.length;
}

/**
 * Sends a framed body to an index, alias or data stream and judges the answer.
 *
 * @throws ElasticUnreachable where no whole answer came
 */
export async function sendBulk(elastic: Elastic, request: {
  readonly index: string; readonly body: BulkBody; readonly documents: number; readonly timeoutMs?: number; readonly signal?: AbortSignal;
  /** Also asks in which index, or under which id too, each document is: an ingest pipeline may have changed that. */
  readonly places?: 'index' | 'index-and-id';
}): Promise<WholeVerdict> {
  const answer = await elastic.request({
    method: 'POST',
    path: `/${encodeURIComponent(request.index)}/_bulk`,
    query: { timeout: SERVER_TIMEOUT, filter_path: READ + PLACES[request.places ?? 'none'] },
    body: request.body,
    timeoutMs: request.timeoutMs ?? BULK_TIMEOUT_MS,
    ...(request.signal !== undefined && { signal: request.signal }),
  });
  return judgeAnswer(answer, request.documents);
}
