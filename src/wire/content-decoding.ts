import type { Transform } from 'node:stream';
import {
  constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress,
} from 'node:zlib';

/** More layers than this nobody applies in good faith. */
const MAX_LAYERS = 3;
/** A few bytes can decode to gigabytes: a layer that has made more than this is read no further. */
export const MAX_DECODED_BYTES = 256 * 1024 * 1024;
/** Bytes that may wait for a layer's decoder, which is slower than what feeds it. */
export const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Over HTTP a window has 8 MB at most (RFC 9659); the library would set 128 MiB aside where a frame asks for them. */
const ZSTD_WINDOW_LOG = 23;

type MakeDecoder = (firstBytes: Buffer, tolerant: boolean) => Transform;

const NONE: readonly string[] = [];

/** A body that is cut off is decoded as far as it came, without an error. */
const TOLERANT = { finishFlush: constants.Z_SYNC_FLUSH };
const STRICT = {};
const MAKERS: Readonly<Record<string, MakeDecoder>> = {
  'gzip': (_first, tolerant) => createGunzip(tolerant ? TOLERANT : STRICT),
  'x-gzip': (_first, tolerant) => createGunzip(tolerant ? TOLERANT : STRICT),
  // The name means the zlib format, but some servers send the raw one.
  'deflate': (first, tolerant) =>
    (((first[0] ?? 0) & 0x0f) === 8 ? createInflate : createInflateRaw)(tolerant ? TOLERANT : STRICT),
  'br': (_first, tolerant) => createBrotliDecompress(tolerant ? { finishFlush: constants.BROTLI_OPERATION_FLUSH } : STRICT),
  'zstd': (_first, tolerant) => createZstdDecompress({
    ...(tolerant ? { finishFlush: constants.ZSTD_e_flush } : STRICT), params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
  }),
};

/** Decodes a copy of a body, off the event loop and in bounded memory. */
export interface ContentDecoder {
  write(chunk: Buffer): void;
  /** Calls `done` once, when everything is decoded, or decoding has failed or was given up. */
  end(done: () => void): void;
}

/** A decoder that makes no more than is taken of it: a few bytes may decode to very many. */
export interface PausableDecoder extends ContentDecoder {
  pause(): void;
  resume(): void;
}

export interface DecodedListener {
  readonly onData: (chunk: Buffer) => void;
  /** A limit was passed: no more data comes, though the body goes on. */
  readonly onGivenUp: () => void;
  /** The body is broken or cut off; without a listener it is decoded as far as it came. */
  readonly onFault?: () => void;
}

/** Codings that are registered and cannot be undone here. Any other name (`identity`, `none`, `utf-8`) is that of no coding. */
const UNREADABLE = new Set(['compress', 'x-compress', 'dcb', 'dcz', 'exi', 'pack200-gzip']);

/** The encodings in the order in which they were applied; undefined where they cannot be undone. */
export function contentEncodings(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return NONE;
  const names = header.split(',').map((name) => name.trim().toLowerCase());
  const encodings = names.filter((name) => Object.hasOwn(MAKERS, name));
  return encodings.length <= MAX_LAYERS && !names.some((name) => UNREADABLE.has(name)) ? encodings : undefined;
}

/** @param encodings from contentEncodings, at least one */
export function createContentDecoder(
  encodings: readonly string[], { onData, onGivenUp, onFault }: DecodedListener,
): PausableDecoder {
  const layers: Layer[] = [];
  let givenUp = false;
  const giveUp = (): void => {
    if (givenUp) return;
    givenUp = true;
    for (const each of layers) each.stop();
    onGivenUp();
  };
  let decoder: ContentDecoder = { write: (chunk) => { if (!givenUp) onData(chunk); }, end: (done) => { done(); } };
  for (const encoding of encodings) {
    const outer = layer(encoding, decoder, giveUp, onFault);
    layers.push(outer);
    decoder = outer;
  }
  return {
    write: (chunk) => { decoder.write(chunk); },
    end: (done) => { decoder.end(done); },
    pause: () => { for (const each of layers) each.pause(); },
    resume: () => { for (const each of layers) each.resume(); },
  };
}

interface Layer extends PausableDecoder {
  /** Frees the decoder; what waited for it is not decoded. */
  stop(): void;
}

function layer(encoding: string, next: ContentDecoder, giveUp: () => void, onFault: (() => void) | undefined): Layer {
  let decoder: Transform | undefined;
  let decoded = 0;
  let over = false;
  let paused = false;
  let waiting: (() => void) | undefined;
  const finish = (): void => {
    over = true;
    const done = waiting;
    waiting = undefined;
    if (done !== undefined) next.end(done);
  };
  const take = (chunk: Buffer): void => {
    decoded += chunk.length;
    if (decoded > MAX_DECODED_BYTES) giveUp();
    else next.write(chunk);
  };
  return {
    write(chunk) {
      if (over || chunk.length === 0) return;
      if (decoder === undefined) {
        decoder = (MAKERS[encoding] as MakeDecoder)(chunk, onFault === undefined);
        decoder.on('data', take);
        if (paused) decoder.pause();
        decoder.once('end', finish);
        decoder.once('error', () => {
          onFault?.();
          finish();
        });
      }
      decoder.write(chunk);
      if (decoder.writableLength > MAX_WAITING_BYTES) giveUp();
    },
    end(done) {
      waiting = done;
      if (over || decoder === undefined) finish();
      else decoder.end();
    },
    pause() {
      paused = true;
      decoder?.pause();
    },
    resume() {
      paused = false;
      decoder?.resume();
    },
    stop() {
      decoder?.destroy();
      finish();
    },
  };
}
