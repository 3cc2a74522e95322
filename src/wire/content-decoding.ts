import type { Transform } from 'node:stream';
import {
  constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress,
} from 'node:zlib';

/** More layers than this nobody applies in good faith. */
const MAX_LAYERS = 3;

type MakeDecoder = (firstBytes: Buffer) => Transform;

/** A body that is cut off is decoded as far as it came, without an error. */
const TOLERANT = { finishFlush: constants.Z_SYNC_FLUSH };
const MAKERS: Readonly<Record<string, MakeDecoder>> = {
  'gzip': () => createGunzip(TOLERANT),
  'x-gzip': () => createGunzip(TOLERANT),
  // The name means the zlib format, but some servers send the raw one.
  'deflate': (first) => (((first[0] ?? 0) & 0x0f) === 8 ? createInflate(TOLERANT) : createInflateRaw(TOLERANT)),
  'br': () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  'zstd': () => createZstdDecompress({ finishFlush: constants.ZSTD_e_flush }),
};

/** Decodes a copy of a body, off the event loop. */
export interface ContentDecoder {
  write(chunk: Buffer): void;
  /** Calls `done` once, when everything is decoded or decoding has failed. */
  end(done: () => void): void;
}

/** The encodings in the order in which they were applied, `identity` left out; undefined where one is unknown. */
export function contentEncodings(header: string | undefined): readonly string[] | undefined {
  const names = (header ?? '').split(',').map((name) => name.trim().toLowerCase()).filter((name) => name !== '' && name !== 'identity');
  return names.length <= MAX_LAYERS && names.every((name) => Object.hasOwn(MAKERS, name)) ? names : undefined;
}

/** @param encodings from contentEncodings, at least one */
export function createContentDecoder(encodings: readonly string[], onData: (chunk: Buffer) => void): ContentDecoder {
  const [outer, ...inner] = [...encodings].reverse();
  if (inner.length > 0) {
    const next = createContentDecoder(inner.reverse(), onData);
    return layer(outer as string, (chunk) => { next.write(chunk); }, (done) => { next.end(done); });
  }
  return layer(outer as string, onData, (done) => { done(); });
}

function layer(encoding: string, onData: (chunk: Buffer) => void, onEnd: (done: () => void) => void): ContentDecoder {
  let decoder: Transform | undefined;
  let over = false;
  let waiting: (() => void) | undefined;
  const finish = (): void => {
    over = true;
    const done = waiting;
    waiting = undefined;
    if (done !== undefined) onEnd(done);
  };
  return {
    write(chunk) {
      if (over || chunk.length === 0) return;
      if (decoder === undefined) {
        decoder = (MAKERS[encoding] as MakeDecoder)(chunk);
        decoder.on('data', onData);
        decoder.once('end', finish);
        decoder.once('error', finish);
      }
      decoder.write(chunk);
    },
    end(done) {
      waiting = done;
      if (over || decoder === undefined) finish();
      else decoder.end();
    },
  };
}
