import { BoundedMap } from '../domain/bounded-map.js';
import { applySplice, revertSplice, type BodyFacts, type BodySplice } from '../wire/body-facts.js';
import { contentEncodings, createContentDecoder } from '../wire/content-decoding.js';
import { headerValue } from './headers.js';
import type { AnswerHead } from './http1/answer-head.js';
import type { Route } from './route.js';

/** An answer that is longer is not a refusal that names a member. */
const MAX_REFUSAL_BYTES = 64 * 1024;
const MAX_REMEMBERED = 1024;
const MAX_TARGET_LENGTH = 1024;
/** The member, as some servers write it, and what stands in it. */
const NAMES = ['stream_options', 'include_usage', 'streamOptions'];

/** The targets (address and model) that refused the gateway's own `stream_options` and took the same call without it. */
export class UsageRefusals {
  readonly #targets = new BoundedMap<true>(MAX_REMEMBERED, MAX_TARGET_LENGTH);

  has(target: string): boolean {
    return this.#targets.get(target) === true;
  }

  add(target: string): void {
    this.#targets.set(target, true);
  }
}

/** What a refusal is remembered for: the address, a deployment in it included, and the model. */
export function usageTarget({ upstream, upstreamPath }: Route, model: string | undefined): string {
  return `${upstream.origin ?? ''}${upstreamPath} ${model ?? ''}`;
}

/** Whether the server of a route is one that takes `stream_options`, as far as the configuration and its documents say. */
export function takesStreamOptions({ rule, upstream }: Route, query: string, facts: BodyFacts): boolean {
  if (rule?.streamUsage !== true || !upstream.streamUsage) return false;
  return upstream.provider.refusesStreamUsage?.({ query, hasDataSources: facts.hasDataSources === true }) !== true;
}

/** A body to which the gateway has added that it wants the usage. */
export class AddedUsage {
  readonly body: Buffer;
  readonly #splice: BodySplice;
  readonly #replaced: Buffer;

  constructor(body: Buffer, splice: BodySplice) {
    this.#splice = splice;
    // A copy: the body's memory is used again.
    this.#replaced = Buffer.from(body.subarray(splice.start, splice.end));
    this.body = applySplice(body, splice);
  }

  /** The client's own body, byte for byte. */
  undo(): Buffer {
    return revertSplice(this.body, this.#splice, this.#replaced);
  }
}

/** Whether an answer of this status may refuse a member of the body. */
export function mayRefuseMember(status: number): boolean {
  return status === 400 || status === 422;
}

/** An answer that is held back until it is known whether it refuses the gateway's own `stream_options`. */
export class HeldAnswer {
  readonly head: AnswerHead;
  readonly chunks: Buffer[] = [];
  #bytes = 0;

  constructor(head: AnswerHead) {
    this.head = head;
  }

  /** Keeps a chunk; false once there is more than such a refusal has. */
  push(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    this.#bytes += chunk.length;
    return this.#bytes <= MAX_REFUSAL_BYTES;
  }

  /** Tells whether the whole body names the member: at once, or when it is decoded. */
  namesMember(tell: (named: boolean) => void): void {
    const encodings = contentEncodings(headerValue(this.head.headers, 'content-encoding'));
    if (encodings === undefined || encodings.length === 0) return tell(names(this.chunks));
    const decoded: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= MAX_REFUSAL_BYTES) decoded.push(chunk);
    };
    const decoder = createContentDecoder(encodings, { onData, onGivenUp: () => undefined });
    for (const chunk of this.chunks) decoder.write(chunk);
    decoder.end(() => { tell(names(decoded)); });
  }
}

function names(chunks: readonly Buffer[]): boolean {
  const body = Buffer.concat(chunks);
  return NAMES.some((name) => body.includes(name));
}
