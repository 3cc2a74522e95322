/** What one call over the wire was, as its client saw it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly requestBytes: number;
  /** Wall clock before the call, milliseconds. */
  readonly startedAt: number;
  readonly status: number;
  readonly requestId: string;
  /** Body bytes that have arrived so far. */
  responseBytes: number;
  /** Milliseconds from the call to the last byte so far. */
  elapsedMs: number;
}

/** A `fetch` that SDKs can be given: it changes nothing and keeps count. */
export function meteredFetch(calls: Call[]): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const body = init?.body;
    if (body !== undefined && body !== null && typeof body !== 'string') throw new Error('only text bodies are counted');
    const startedAt = Date.now();
    const begin = performance.now();
    const response = await fetch(input, init);
    const call: Call = {
      method: init?.method ?? 'GET', path: url.pathname, requestBytes: Buffer.byteLength(body ?? ''), startedAt,
      status: response.status, requestId: response.headers.get('x-gateway-request-id') ?? '',
      responseBytes: 0, elapsedMs: performance.now() - begin,
    };
    calls.push(call);
    if (response.body === null) return response;
    const meter = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        call.responseBytes += chunk.byteLength;
        call.elapsedMs = performance.now() - begin;
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(meter), { status: response.status, statusText: response.statusText, headers: response.headers });
  };
}
