import type { ClientRequest } from './client.js';

/** White space before the first byte of a document is mostly none at all. */
const MAX_BLANK_BYTES = 1024;
const UNTOLD = /^\s*(?:$|text\/|application\/x-www-form-urlencoded\s*(?:;|$))/i;
const BINARY = /^\s*application\/octet-stream\s*(?:;|$)/i;
const OPEN_BRACE = 0x7b;

/**
 * Whether a body may be JSON although its content type does not say so: it has none, or one of text,
 * or the form type that `curl -d` sends; a binary type only where the length tells that it is not an
 * upload of any size.
 */
export function mayHideJson({ headers }: ClientRequest, maxBytes: number): boolean {
  const { 'content-type': type, 'content-length': length } = headers;
  if (length !== undefined && Number(length) > maxBytes) return false;
  return type === undefined || UNTOLD.test(type) || (length !== undefined && BINARY.test(type));
}

/**
 * Waits for the first bytes of a body to see whether it is a JSON object, and hands them on; who
 * takes them must listen for the rest at once.
 */
export function decideByFirstBytes(
  request: ClientRequest, decide: (isObject: boolean, first: Buffer) => void, onError: () => void,
): void {
  let first: Buffer = Buffer.alloc(0);
  let decided = false;
  const settle = (isObject: boolean): void => {
    decided = true;
    decide(isObject, first);
  };
  request.on('data', (chunk) => {
    if (decided) return;
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
    const byte = firstByte(first);
    if (byte !== undefined || first.length > MAX_BLANK_BYTES) settle(byte === OPEN_BRACE);
  });
  request.on('end', () => { if (!decided) settle(false); });
  request.on('error', () => {
    if (decided) return;
    decided = true;
    onError();
  });
}

/** The first byte that is neither white space nor part of a byte order mark. */
function firstByte(bytes: Buffer): number | undefined {
  return bytes.find((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
}
