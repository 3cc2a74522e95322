import { expect } from 'chai';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { readPlainHead } from '../../../../src/server/fast-path/request-head.js';

const PLAIN = ['POST /v1/chat/completions?a=1 HTTP/1.1', 'Host: localhost:8080', 'Content-Type: application/json; charset=utf-8', 'Content-Length: 12', 'Authorization:Bearer sk-x', 'X-Empty:', 'x-blank:  \t a b \t ', 'x-latin: \xe9'];

function head(changes: { readonly line?: string; readonly without?: RegExp; readonly more?: readonly string[] } = {}): string {
  const [line, ...headers] = PLAIN;
  return [changes.line ?? line, ...headers.filter((each) => changes.without?.test(each) !== true), ...(changes.more ?? [])].join('\r\n');
}

describe('the head of a plain request', () => {
  it('is read as Node reads it', () => {
    expect(readPlainHead(head())).to.deep.equal({
      url: '/v1/chat/completions?a=1',
      headers: {
        'host': 'localhost:8080', 'content-type': 'application/json; charset=utf-8', 'content-length': '12', 'authorization': 'Bearer sk-x',
        'x-empty': '', 'x-blank': 'a b', 'x-latin': '\xe9',
      },
      rawHeaders: [
        'Host', 'localhost:8080', 'Content-Type', 'application/json; charset=utf-8', 'Content-Length', '12', 'Authorization', 'Bearer sk-x',
        'X-Empty', '', 'x-blank', 'a b', 'x-latin', '\xe9',
      ],
      contentLength: 12,
    });
    expect(readPlainHead(head({ more: ['Connection: Keep-Alive'] }))?.headers['connection']).to.equal('Keep-Alive');
  });

  for (const [what, text] of [
    ['another method', head({ line: 'GET /v1/models HTTP/1.1' })],
    ['a method in lower case', head({ line: 'post /v1/x HTTP/1.1' })],
    ['HTTP/1.0', head({ line: 'POST /v1/x HTTP/1.0' })],
    ['no version', head({ line: 'POST /v1/x' })],
    ['two spaces', head({ line: 'POST  /v1/x HTTP/1.1' })],
    ['a space in the target', head({ line: 'POST /v1/x y HTTP/1.1' })],
    ['a target that is no path', head({ line: 'POST http://localhost/v1/x HTTP/1.1' })],
    ['a byte beyond ASCII in the target', head({ line: 'POST /v1/\xe9 HTTP/1.1' })],
    ['no header', 'POST /v1/x HTTP/1.1'],
    ['no Host', head({ without: /^Host/ })],
    ['two Hosts', head({ more: ['host: other'] })],
    ['no length', head({ without: /^Content-Length/ })],
    ['a length of nothing', head({ without: /^Content-Length/, more: ['content-length: 0'] })],
    ['a long length of nothing', head({ without: /^Content-Length/, more: ['content-length: 00'] })],
    ['the same length twice', head({ more: ['content-length: 12'] })],
    ['a list of lengths', head({ without: /^Content-Length/, more: ['content-length: 12, 12'] })],
    ['a length with a sign', head({ without: /^Content-Length/, more: ['content-length: +12'] })],
    ['a hexadecimal length', head({ without: /^Content-Length/, more: ['content-length: 0xc'] })],
    ['a length beyond what numbers hold', head({ without: /^Content-Length/, more: ['content-length: 1234567890123456'] })],
    ['a transfer coding', head({ more: ['transfer-encoding: chunked'] })],
    ['a transfer coding instead of a length', head({ without: /^Content-Length/, more: ['Transfer-Encoding: chunked'] })],
    ['Expect', head({ more: ['expect: 100-continue'] })],
    ['an upgrade', head({ more: ['connection: upgrade', 'upgrade: websocket'] })],
    ['the wish to close', head({ more: ['connection: close'] })],
    ['names in Connection', head({ more: ['connection: keep-alive, x-secret'] })],
    ['no type', head({ without: /^Content-Type/ })],
    ['another type', head({ without: /^Content-Type/, more: ['content-type: multipart/form-data; boundary=x'] })],
    ['a type that only begins so', head({ without: /^Content-Type/, more: ['content-type: application/jsonx'] })],
    ['a line without colon', head({ more: ['nonsense'] })],
    ['a folded line', head({ more: ['x-a: b', ' folded'] })],
    ['a space before the colon', head({ more: ['x-a : b'] })],
    ['an empty name', head({ more: [': b'] })],
    ['a name beyond ASCII', head({ more: ['x-\xe9: b'] })],
    ['a bare line feed', head({ more: ['x-a: b\nx-b: c'] })],
    ['a line feed at the end of a value', head({ more: ['x-a: b\n'] })],
    ['a bare carriage return', head({ more: ['x-a: b\rc'] })],
    ['a null byte', head({ more: ['x-a: b\0'] })],
    ['a vertical tab around a value', head({ more: ['x-a: b\x0b'] })],
    ['a deletion', head({ more: ['x-a: \x7f'] })],
    ['a header twice', head({ more: ['x-a: b', 'X-A: c'] })],
    ['an empty header twice', head({ more: ['x-a:', 'x-a: c'] })],
    ['__proto__', head({ more: ['__proto__: x'] })],
    ['what every object has', head({ more: ['constructor: x'] })],
    ['over a hundred headers', head({ more: Array.from({ length: 100 }, (_, i) => `x-${i}: a`) })],
  ] as const) {
    it(`with ${what} is not plain`, () => { expect(readPlainHead(text)).to.equal(undefined); });
  }

  describe('whatever it is', () => {
    let server: Server;
    let heard: { request: IncomingMessage | undefined; body: string };
    before((done) => {
      server = createServer((request, response) => {
        heard.request = request;
        request.setEncoding('latin1').on('data', (part: string) => { heard.body += part; }).on('end', () => response.end());
      }).listen(0, '127.0.0.1', done);
    });
    after((done) => {
      server.close(done);
      server.closeAllConnections();
    });

    /** What Node's own parser makes of the same bytes. */
    async function node(text: string): Promise<typeof heard> {
      heard = { request: undefined, body: '' };
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      await new Promise((resolve) => {
        socket.on('close', resolve).on('error', () => undefined).on('data', () => { socket.destroy(); });
        socket.end(`${text}\r\n\r\n{"model":""}`, 'latin1');
      });
      return heard;
    }

    it('Node agrees to each that is taken', async function () {
      this.timeout(60_000);
      const random = generator(20_261_125);
      const pieces = ['\r\n', '\n', '\r', ' ', '\t', ':', '0', '12', ',', ';', '\0', '\xe9', 'a', 'Content-Length: 12\r\n', 'Transfer-Encoding: chunked\r\n', 'Host: b\r\n', 'x-a: b\r\n', ' HTTP/1.1', '/', '#', '%', '\x7f', '\x0b', '"', '@'];
      let taken = 0;
      for (let round = 0; round < 1_500; round++) {
        let text = head();
        for (let i = 0; i <= random(2); i++) {
          const at = random(text.length + 1);
          text = text.slice(0, at) + (pieces[random(pieces.length)] as string) + text.slice(at + random(3));
        }
        const plain = readPlainHead(text);
        if (plain === undefined) continue;
        taken++;
        const { request, body } = await node(text);
        expect(request, JSON.stringify(text)).to.not.equal(undefined);
        expect({ method: request?.method, url: request?.url, headers: { ...request?.headers }, rawHeaders: request?.rawHeaders }, JSON.stringify(text))
          .to.deep.equal({ method: 'POST', url: plain.url, headers: plain.headers, rawHeaders: plain.rawHeaders });
        if (plain.contentLength <= 12) expect(body.length).to.equal(plain.contentLength);
      }
      expect(taken).to.be.greaterThan(200);
    });
  });
});

function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}
