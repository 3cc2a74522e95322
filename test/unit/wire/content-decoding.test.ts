import { randomBytes } from 'node:crypto';
import { brotliCompressSync, constants, createZstdCompress, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createContentDecoder, MAX_DECODED_BYTES, MAX_WAITING_BYTES } from '../../../src/wire/content-decoding.js';
import { dialectAt, observe } from './stream-fixtures.js';

const MIB = 1024 * 1024;
const chat = dialectAt('openai', '/v1/chat/completions');
const member = gzipSync(Buffer.alloc(8 * MIB, ' '));
/** Decodes to a gigabyte. */
const bomb = Buffer.concat(Array.from({ length: 128 }, () => member));

interface Decoded {
  readonly bytes: number;
  readonly afterwards: number;
  readonly givenUp: number;
}

async function decode(encodings: readonly string[], pieces: readonly Buffer[]): Promise<Decoded> {
  let bytes = 0;
  let afterwards = 0;
  let givenUp = 0;
  const decoder = createContentDecoder(encodings, {
    onData: (chunk) => { if (givenUp === 0) bytes += chunk.length; else afterwards += chunk.length; },
    onGivenUp: () => { givenUp += 1; },
  });
  for (const piece of pieces) decoder.write(piece);
  await new Promise<void>((resolve) => { decoder.end(resolve); });
  return { bytes, afterwards, givenUp };
}

describe('the decoder of encoded bodies', () => {
  it('stops where a small body decodes to gigabytes, and hands out nothing more', async () => {
    for (const [encodings, body] of [[['gzip'], bomb], [['gzip', 'gzip'], gzipSync(bomb)], [['gzip', 'br'], brotliCompressSync(bomb)]] as const) {
      expect(body.length).to.be.lessThan(8 * MIB);
      const { bytes, afterwards, givenUp } = await decode(encodings, [body]);
      expect(bytes, encodings.join()).to.be.greaterThan(MAX_DECODED_BYTES - MIB).and.at.most(MAX_DECODED_BYTES);
      expect({ afterwards, givenUp }, encodings.join()).to.deep.equal({ afterwards: 0, givenUp: 1 });
    }
  });

  it('stops where more waits for it than it may keep', async () => {
    const piece = gzipSync(randomBytes(MIB), { level: 0 });
    const waiting = await decode(['gzip'], Array.from({ length: Math.ceil(MAX_WAITING_BYTES / MIB) + 1 }, () => piece));
    expect(waiting).to.deep.equal({ bytes: 0, afterwards: 0, givenUp: 1 });
    const few = await decode(['gzip'], Array.from({ length: 8 }, () => piece));
    expect(few).to.deep.equal({ bytes: 8 * MIB, afterwards: 0, givenUp: 0 });
  });

  it('takes no zstd window larger than HTTP allows', async () => {
    const withWindow = async (log: number): Promise<Buffer> => {
      const encoder = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: log } });
      encoder.write(Buffer.alloc(MIB, ' ')); // in two writes, so that the frame does not know its size
      encoder.end(Buffer.alloc(MIB, ' '));
      return Buffer.concat(await encoder.toArray() as Buffer[]);
    };
    expect((await decode(['zstd'], [await withWindow(23)])).bytes).to.equal(2 * MIB);
    expect((await decode(['zstd'], [await withWindow(27)])).bytes).to.equal(0);
  });

  it('leaves usage absent where it has stopped', async () => {
    const usage = gzipSync(Buffer.from('"x":1,"usage":{"prompt_tokens":9,"completion_tokens":1}}'));
    const body = (filler: Buffer): Buffer => Buffer.concat([gzipSync(Buffer.from('{')), filler, usage]);
    const read = async (filler: Buffer): Promise<unknown> => (await observe(chat, [body(filler)], { contentType: 'application/json', contentEncoding: 'gzip' })).usage;
    expect(await read(member)).to.include({ inputTokens: 9 });
    expect(await read(bomb)).to.equal(undefined);
  });
});
