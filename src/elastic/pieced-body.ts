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

/** The pieces one by one, with a rest after each. */
export function streamOf(body: PiecedBody): Readable {
  return Readable.from(withRests(body.pieces()));
}

async function* withRests(pieces: Iterable<Buffer>): AsyncGenerator<Buffer, void> {
  for (const piece of pieces) {
    yield piece;
    await sleep(REST_MS);
  }
}
