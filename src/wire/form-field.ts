const LF = 0x0a;
const CR = 0x0d;
/** Headers of a part, and a value, beyond which nobody names a model. */
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_VALUE_BYTES = 1024;
/** The standard allows 70. */
const MAX_BOUNDARY_LENGTH = 200;
/** What follows a boundary in its line is white space. */
const MAX_LINE_BYTES = 256;
const EMPTY = Buffer.alloc(0);

/** The boundary of a form, from its content type; undefined where the body is not a form or names none. */
export function formBoundary(contentType: string | undefined): string | undefined {
  if (contentType === undefined || !/^\s*multipart\/form-data\s*(?:;|$)/i.test(contentType)) return undefined;
  const boundary = parameters(contentType).get('boundary');
  const usable = boundary !== undefined && boundary !== '' && boundary.length <= MAX_BOUNDARY_LENGTH;
  return usable ? boundary : undefined;
}

/** Where in the form the next byte stands. */
type Place = 'content' | 'boundary-line' | 'headers' | 'value' | 'over';

/**
 * Finds one field of a multipart form while the form passes, wherever it stands and however its
 * bytes are cut: files are passed over by native searches, and only a part's headers and the
 * field's own value are kept. The last of several fields of that name counts, as of JSON members.
 */
export class FormField {
  readonly #name: string;
  /** Line end and boundary; the CR that may precede it belongs to it too. */
  readonly #delimiter: Buffer;
  #place: Place = 'content';
  /** What may be the begin of something that the next bytes complete; at first, the line end before the first boundary. */
  #rest: Buffer = Buffer.from('\n');
  #found: string | undefined;

  constructor(name: string, boundary: string) {
    this.#name = name;
    this.#delimiter = Buffer.from(`\n--${boundary}`, 'latin1');
  }

  /** The field's value, as far as the form has come. */
  get value(): string | undefined {
    return this.#found;
  }

  push(chunk: Buffer): void {
    if (this.#place === 'over' || chunk.length === 0) return;
    let bytes: Buffer | undefined = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = EMPTY;
    while (bytes !== undefined && bytes.length > 0) bytes = this.#read(bytes);
  }

  /** Reads on; returns what is left to read, undefined where more bytes are needed. */
  #read(bytes: Buffer): Buffer | undefined {
    switch (this.#place) {
      case 'content': return this.#passContent(bytes);
      case 'boundary-line': return this.#readBoundaryLine(bytes);
      case 'headers': return this.#readHeaders(bytes);
      case 'value': return this.#readValue(bytes);
      case 'over': return undefined;
    }
  }

  #passContent(bytes: Buffer): Buffer | undefined {
    const at = bytes.indexOf(this.#delimiter);
    if (at === -1) {
      this.#keepEnd(bytes);
      return undefined;
    }
    this.#place = 'boundary-line';
    return bytes.subarray(at + this.#delimiter.length);
  }

  /** What follows the boundary: two hyphens at the form's end, else nothing but blanks; anything else is content that looks like it. */
  #readBoundaryLine(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(LF);
    if (end === -1 && bytes.length <= MAX_LINE_BYTES) return this.#wait(bytes);
    const line = bytes.toString('latin1', 0, end === -1 ? MAX_LINE_BYTES : end);
    if (line.startsWith('--')) {
      this.#place = 'over';
      return undefined;
    }
    if (end !== -1 && /^[\t ]*\r?$/.test(line)) {
      this.#place = 'headers';
      return bytes.subarray(end + 1);
    }
    this.#place = 'content';
    return bytes;
  }

  #readHeaders(bytes: Buffer): Buffer | undefined {
    const end = endOfHeaders(bytes);
    if (end === undefined && bytes.length <= MAX_HEADER_BYTES) return this.#wait(bytes);
    if (end === undefined || end > MAX_HEADER_BYTES) {
      this.#place = 'content';
      return bytes;
    }
    const { name, isFile } = disposition(bytes.toString('latin1', 0, end));
    this.#place = name === this.#name && !isFile ? 'value' : 'content';
    // The line end before a boundary that follows at once is that of the headers.
    return bytes.subarray(end - 1);
  }

  #readValue(bytes: Buffer): Buffer | undefined {
    const at = bytes.indexOf(this.#delimiter);
    if (at === -1) {
      if (bytes.length <= MAX_VALUE_BYTES + this.#delimiter.length + 2) return this.#wait(bytes);
      this.#place = 'content';
      return bytes;
    }
    // Its first byte is the line end of the headers.
    const end = at > 0 && bytes[at - 1] === CR ? at - 1 : at;
    const value = bytes.toString('utf8', 1, Math.max(1, end));
    if (value !== '' && end - 1 <= MAX_VALUE_BYTES && !/[\r\n]/.test(value)) this.#found = value;
    this.#place = 'content';
    return bytes.subarray(at);
  }

  #keepEnd(bytes: Buffer): void {
    // A copy: the chunk that it was cut from is long.
    this.#rest = Buffer.from(bytes.subarray(Math.max(0, bytes.length - this.#delimiter.length + 1)));
  }

  /** Keeps what is not whole yet, and asks for more. */
  #wait(bytes: Buffer): Buffer | undefined {
    this.#rest = Buffer.from(bytes);
    return undefined;
  }
}

/** One past the line end of the last header line's empty successor; undefined where that has not come. */
function endOfHeaders(bytes: Buffer): number | undefined {
  for (let line = 0, feed = bytes.indexOf(LF); feed !== -1; line = feed + 1, feed = bytes.indexOf(LF, line)) {
    if (feed === line || (feed === line + 1 && bytes[line] === CR)) return feed + 1;
  }
  return undefined;
}

function disposition(headers: string): { name: string | undefined; isFile: boolean } {
  const line = headers.split(/\r?\n/).find((header) => /^content-disposition\s*:/i.test(header));
  const found = line === undefined ? new Map<string, string>() : parameters(line);
  return { name: found.get('name'), isFile: found.has('filename') || found.has('filename*') };
}

/** The parameters of a header, names in lower case; the first of a name counts. */
function parameters(header: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', quoted, plain = ''] of header.matchAll(/;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g)) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1'));
  }
  return found;
}
