import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** A body of a request that is made while it is sent. */
export interface PiecedBody {
  /** How many bytes all pieces have. */
  readonly bytes: number;
  /** Makes it from its beginning to its end; each time that it is called, the same bytes. */
  readonly pieces: () => Iterable<Buffer>;
}

/**
 * To make and to send megabytes at once takes milliseconds, in which a thread that has to share its core leaves it to
 * nobody: the gateway's requests would wait for their own telemetry. A thread that sleeps has to be given its next turn.
 */
const REST_MS = 1;

export function isPieced(body: unknown): body is PiecedBody {
  return typeof body === 'object' && body !== null && 'pieces' in body;
}

/** A stream of the pieces, and what went wrong while one was made: our own fault, which is none of the connection's. */
export interface PieceStream {
  readonly stream: Readable;
  readonly fault: () => Error | undefined;
}

export function streamOf(body: PiecedBody): PieceStream {
  let fault: Error | undefined;
  function* noted(): Generator<Buffer, void> {
    try {
      yield* body.pieces();
    } catch (error) {
      fault = error instanceof Error ? error : new Error(String(error));
      throw fault;
    }
  }
  return { stream: Readable.from(withRests(noted())), fault: () => fault };
}

/** A rest before every piece but the first: one after the last would hold up the end, and an answer that comes before the end costs the connection. */
async function* withRests(pieces: Iterable<Buffer>): AsyncGenerator<Buffer, void> {
  let isFirst = true;
  for (const piece of pieces) {
    if (!isFirst) await sleep(REST_MS);
    isFirst = false;
    yield piece;
  }
}
