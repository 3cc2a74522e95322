const TEXT = 'A reverse proxy sits between clients and servers. It accepts each request, decides where it should go, '
  + 'forwards it, and relays the answer. Keeping connections to the servers open saves a handshake per request; passing '
  + 'bytes through without copying or parsing them saves most of the rest. What remains is the cost of the system calls. ';
const WORDS = ['A', ' reverse', ' proxy', ' sits', ' between', ' clients', ' and', ' servers', '.', ' It', ' accepts', ' each', ' request', ',', ' forwards', ' it'];
const ID = 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT';
const MODEL = 'gpt-4o-mini-2024-07-18';

/** A whole JSON answer, head included, shaped like OpenAI's. */
export function jsonAnswer(textBytes: number): Buffer {
  const content = TEXT.repeat(Math.ceil(textBytes / TEXT.length)).slice(0, textBytes);
  const body = JSON.stringify({
    id: ID,
    object: 'chat.completion',
    created: 1_741_569_952,
    model: MODEL,
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null, annotations: [] }, logprobs: null, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: 119, completion_tokens: 71, total_tokens: 190,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
    },
    service_tier: 'default',
    system_fingerprint: 'fp_44added55e',
  }, undefined, 2);
  return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_${'0'.repeat(32)}\r\n`
    + `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** The writes of a streamed answer: the head with the first event, then one event each; the last one ends the answer. */
export function streamAnswer(chunks: number): Buffer[] {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n'
    + `x-request-id: req_${'0'.repeat(32)}\r\ntransfer-encoding: chunked\r\n\r\n`;
  const writes = Array.from({ length: chunks }, (_, index) => framed(event([{
    index: 0, delta: index === 0 ? { role: 'assistant', content: 'A' } : { content: WORDS[index % WORDS.length] }, logprobs: null, finish_reason: null,
  }], null)));
  const last = framed(event([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }], null))
    + framed(event([], { prompt_tokens: 119, completion_tokens: chunks, total_tokens: 119 + chunks }))
    + framed('data: [DONE]\n\n') + '0\r\n\r\n';
  writes[0] = head + (writes[0] ?? '');
  return [...writes, last].map((text) => Buffer.from(text));
}

function event(choices: readonly object[], usage: object | null): string {
  return `data: ${JSON.stringify({ id: ID, object: 'chat.completion.chunk', created: 1_741_569_952, model: MODEL, service_tier: 'default', system_fingerprint: 'fp_44added55e', choices, usage })}\n\n`;
}

function framed(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
