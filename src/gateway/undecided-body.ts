import type { ClientRequest } from './client.js';

/** White space before the first byte of a document is mostly none at all. */
const MAX_BLANK_BYTES = 1024;
const UNTOLD = /^\s*(?:$|text\/|application\/x-www-form-urlencoded\s*(?:;|$))/i;
const OPEN_BRACE = 0x7b;

/**
 * Whether a content type may stand over JSON without saying so: none at all, text, or the form type
 * that `curl -d` sends.
 */
export function mayHideJson(contentType: string | undefined): boolean {
  return contentType === undefined || UNTOLD.test(contentType);
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
