import { expect } from 'chai';
import { ChunkedBody } from '../../../../src/gateway/http1/chunked-body.js';

/** Reads pieces one after the other; what is left behind the body is told too. */
function read(pieces: readonly string[]): { data: string; over: boolean; behind: string } {
  const body = new ChunkedBody();
  let data = '';
  let behind = '';
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1');
    let pos = 0;
    while (pos < bytes.length && !body.over) {
      if (body.next(bytes, pos)) data += bytes.toString('latin1', body.start, body.end);
      pos = body.end;
    }
    behind += bytes.toString('latin1', pos);
  }
  return { data, over: body.over, behind };
}

const BODY = '5\r\nhello\r\nA;name="x"\r\n, 12345678\r\n0\r\nx-checksum: 1\r\n\r\n';

describe('a chunked body', () => {
  it('is the data without sizes, extensions and trailers', () => {
    expect(read([BODY])).to.deep.equal({ data: 'hello, 12345678', over: true, behind: '' });
  });

  it('is the same wherever it is cut', () => {
    for (let cut = 1; cut < BODY.length; cut++) {
      expect(read([BODY.slice(0, cut), BODY.slice(cut)]), `cut at ${cut}`).to.deep.equal({ data: 'hello, 12345678', over: true, behind: '' });
    }
    expect(read(Array.from(BODY, (character) => character))).to.deep.equal({ data: 'hello, 12345678', over: true, behind: '' });
  });

  it('leaves what follows it', () => {
    expect(read([`${BODY}HTTP/1.1`]).behind).to.equal('HTTP/1.1');
  });

  it('is not over before its last line', () => {
    expect(read(['5\r\nhello\r\n0\r\n']).over).to.equal(false);
  });

  for (const [what, text] of [
    ['a size that is no number', 'x\r\n'],
    ['an empty size', '\r\n'],
    ['a signed size', '-1\r\n'],
    ['a hexadecimal prefix', '0x5\r\n'],
    ['a size of nine digits', '123456789\r\n'],
    ['a bare line feed', '5\nhello'],
    ['data longer than its size', '5\r\nhello!\r\n'],
    ['a trailer without a colon', '0\r\nabc\r\n'],
    ['an endless line', '5;'.padEnd(20_000, 'x')],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => read([text])).to.throw().with.property('code', 'UPSTREAM_PROTOCOL');
    });
  }
});
