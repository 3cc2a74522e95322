import { ProtocolFault } from './fault.js';
import { fieldValue, isFieldName, isFieldValue } from './fields.js';

/** How the body of an answer ends. */
export type Framing =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  /** Flat name–value list as sent, each byte one Latin-1 character. */
  readonly headers: readonly string[];
  readonly framing: Framing;
  /** The connection may carry another request afterwards, as far as the head says. */
  readonly keepAlive: boolean;
  /** Seconds that the server announces to keep the connection (`Keep-Alive: timeout=`). */
  readonly keepAliveSeconds: number | undefined;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const DIGITS = /^\d{1,15}$/;
const CHUNKED: Framing = { kind: 'chunked' };
const UNTIL_CLOSE: Framing = { kind: 'close' };

/**
 * Reads a head, given without the empty line that ends it. Strict: whatever two readers could
 * understand in two ways (folded lines, bare line ends, two lengths, a length beside chunks) is a
 * fault.
 *
 * @throws ProtocolFault
 */
export function readAnswerHead(text: string): AnswerHead {
  const lines = text.split('\r\n');
  const match = STATUS_LINE.exec(lines[0] as string);
  if (match === null) throw new ProtocolFault('the status line is not HTTP/1.1');
  const headers: string[] = [];
  let length: string | undefined;
  let coding: string | undefined;
  let connection = '';
  let keepAliveSeconds: number | undefined;
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = fieldValue(line, colon + 1, line.length);
    if (colon < 1 || !isFieldName(name) || !isFieldValue(value)) throw new ProtocolFault('a header line is malformed');
    headers.push(name, value);
    switch (name.length) {
      case 10:
        if (isName(name, 'connection')) connection += `,${value.toLowerCase()}`;
        else if (isName(name, 'keep-alive')) keepAliveSeconds = announcedSeconds(value);
        break;
      case 14:
        if (!isName(name, 'content-length')) break;
        if (length !== undefined || !DIGITS.test(value)) throw new ProtocolFault('the content length is not a number');
        length = value;
        break;
      case 17:
        if (!isName(name, 'transfer-encoding')) break;
        if (coding !== undefined || value.toLowerCase() !== 'chunked') throw new ProtocolFault('the transfer coding is unknown');
        coding = value;
        break;
    }
  }
  if (coding !== undefined && (length !== undefined || match[1] === '0')) throw new ProtocolFault('the length of the body is ambiguous');
  const framing: Framing = coding !== undefined ? CHUNKED : length === undefined ? UNTIL_CLOSE : { kind: 'length', bytes: Number(length) };
  return {
    status: Number(match[2]),
    reason: match[3] ?? '',
    headers,
    framing,
    keepAlive: match[1] === '1' ? !holds(connection, 'close') : holds(connection, 'keep-alive'),
    keepAliveSeconds,
  };
}

/** Whether a name of the same length is that lower-case name. */
function isName(name: string, lowerCase: string): boolean {
  return name === lowerCase || name.toLowerCase() === lowerCase;
}

function holds(connection: string, token: string): boolean {
  return connection !== '' && connection.split(',').some((part) => part.trim() === token);
}

function announcedSeconds(value: string): number | undefined {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
