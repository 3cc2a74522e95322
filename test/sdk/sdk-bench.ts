import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LLMock } from '@copilotkit/aimock';
import { expect } from 'chai';
import { loadPricer } from '../../src/pricing/pricer.js';
import { PROVIDERS } from '../../src/providers/registry.js';
import { createRecorder } from '../../src/telemetry/recorder.js';
import { everyProviderAt, startProxy, startUpstream, until } from '../support/proxy-harness.js';

/** A record as it stands in the log, parsed. */
export type RecordedCall = Readonly<Record<string, unknown>>;

/** The gateway with real prices and real records, between an SDK and a stand-in that plays every provider. */
export interface SdkBench {
  /** Address of the gateway, without a path. */
  readonly url: string;
  /** The one record that has come since the last call of this; waits until it is there. */
  record(): Promise<RecordedCall>;
  close(): Promise<void>;
}

export async function startSdkBench(standIn: string, env: Readonly<Record<string, string>> = {}): Promise<SdkBench> {
  const ids = new Map(PROVIDERS.map(({ name, pricingId }) => [name, pricingId ?? name]));
  const pricer = await loadPricer({ providerIds: (provider) => ids.get(provider) });
  const records: RecordedCall[] = [];
  const recorder = createRecorder({
    log: { append: (line) => { records.push(JSON.parse(line) as RecordedCall); } }, price: pricer.price, instance: 'sdk-test', version: '0.0.0',
  });
  const proxy = await startProxy({ env: { ...everyProviderAt(standIn), ...env }, onRecord: (exchange) => { void recorder(exchange); } });
  let seen = 0;
  return {
    url: proxy.url,
    record: async () => {
      await until(() => records.length > seen);
      const fresh = records.slice(seen);
      seen = records.length;
      expect(fresh, 'records of one call').to.have.length(1);
      const record = fresh[0] as RecordedCall;
      // Whatever the provider: what it took is known, and is a part of the whole (both in whole milliseconds).
      expect(record.provider_latency_ms, 'provider_latency_ms').to.be.a('number').within(0, record.total_latency_ms as number);
      return record;
    },
    close: () => proxy.close(),
  };
}

/** Expects these fields, and the cost to a millionth of a millionth; a cost of undefined must be absent. */
export function expectRecord(record: RecordedCall, expected: { readonly cost: number | undefined } & RecordedCall): void {
  const { cost, ...fields } = expected;
  expect(record).to.deep.include(fields);
  if (cost === undefined) expect(record).to.not.have.any.keys('cost', 'price_source');
  else expect(record.cost).to.be.closeTo(cost, 1e-12);
}

/** A million: prices are per so many tokens. */
export const M = 1_000_000;

/** What aimock says that every call has used, in each provider's own names. */
const AIMOCK_USAGE = {
  prompt_tokens: 19, completion_tokens: 10, total_tokens: 29, input_tokens: 19, output_tokens: 10,
  promptTokenCount: 19, candidatesTokenCount: 10, totalTokenCount: 29,
};

/** aimock with one answer for everything that is asked in words; `add` gives it others. */
export async function startAimock(add: (mock: LLMock) => void = () => undefined): Promise<LLMock> {
  const mock = new LLMock({ port: 0, host: '127.0.0.1', logLevel: 'silent' });
  add(mock);
  mock.on({ predicate: () => true }, { content: 'Hello there.', usage: AIMOCK_USAGE });
  await mock.start();
  return mock;
}

/** A recorded answer: JSON, an event stream, or the bytes of a fixture with its content type. */
export type Recorded = { readonly json: unknown; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly sse: string } | { readonly fixture: string; readonly contentType: string };

export interface Recordings {
  readonly url: string;
  /** What the next requests get; told the path (with query) and the parsed body. */
  answer: (path: string, body: Readonly<Record<string, unknown>>) => Recorded;
  /** The requests as they arrived, the newest last. */
  readonly requests: { request: IncomingMessage; body: Buffer }[];
  close(): Promise<void>;
}

/** A provider that answers with recorded shapes. */
export async function startRecordings(): Promise<Recordings> {
  const upstream = await startUpstream((request, response) => {
    const body = upstream.requests.at(-1)?.body.toString('utf8') ?? '';
    send(recordings.answer(request.url ?? '', body.startsWith('{') ? JSON.parse(body) as Record<string, unknown> : {}), response);
  });
  const recordings: Recordings = {
    url: upstream.url,
    answer: () => ({ json: {}, status: 404 }),
    requests: upstream.requests,
    close: () => upstream.close(),
  };
  return recordings;
}

function send(recorded: Recorded, response: ServerResponse): void {
  if ('json' in recorded) {
    response.writeHead(recorded.status ?? 200, { 'content-type': 'application/json', ...recorded.headers }).end(JSON.stringify(recorded.json));
    return;
  }
  if ('sse' in recorded) {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(recorded.sse);
    return;
  }
  response.writeHead(200, { 'content-type': recorded.contentType }).end(readFileSync(new URL(`../fixtures/${recorded.fixture}`, import.meta.url)));
}

/** Everything an async iterable gives. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}
