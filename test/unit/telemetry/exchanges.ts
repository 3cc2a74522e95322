import fc from 'fast-check';
import type { Exchange } from '../../../src/domain/exchange.js';

/** An exchange with every field filled. */
export const FULL: Exchange = {
  requestId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', receivedAt: Date.UTC(2026, 10, 25, 8, 9, 10, 7), provider: 'openai', method: 'POST', path: '/v1/chat/completions',
  model: 'gpt-4o', responseModel: 'gpt-4o-2024-08-06', stream: true, requestSize: 11, responseSize: 22, statusCode: 200, providerStatusCode: 201,
  totalMs: 33.4, providerMs: 31.6, timeToFirstTokenMs: 12.5, overheadUs: 1_800.4,
  usage: { inputTokens: 5, outputTokens: 6, totalTokens: 12, cachedTokens: 1, cacheWriteTokens: 2, reasoningTokens: 3 },
  finishReason: 'stop', endReason: 'complete', attempts: 2, errorType: 'upstream_reset', errorCount: 1, providerErrorCount: 1, providerErrorType: 'rate_limit_exceeded',
  client: 'team-a', projectId: 'p', organizationId: 'o', userId: 'u', experimentId: 'e',
};

/** The least that a proxied request leaves. */
export const BARE: Exchange = {
  requestId: '01ARZ3NDEKTSV4RRFFQ69G5FAW', receivedAt: Date.UTC(2026, 10, 25), provider: 'unknown', method: 'GET', path: '/v1/models', requestSize: 0, responseSize: 0,
  statusCode: 400, totalMs: 0.2, overheadUs: 200, endReason: 'gateway', attempts: 0, errorCount: 0, providerErrorCount: 0,
};

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 1_500 }), fc.string({ unit: 'grapheme', maxLength: 50 }), fc.string({ minLength: 1_000, maxLength: 1_100 }),
  fc.constantFrom('', '\u0000', '"', '\\', '\ud800', '\udc00x', '\u2028', '\n{"a":1}', '\ufeff', '😀'.repeat(600), '__proto__'),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 600 }).map((units) => String.fromCharCode(...units)),
);
const number = fc.oneof(
  fc.double(), fc.integer(), fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 0.5, -0.4, 32_767, 32_768, 2_147_483_647, 2_147_483_648, 2 ** 53, 1e21, 1e-7, 1e300, 5e-324, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
/** What a lenient reading of a provider's answer may let through, whatever the types say. */
const anything = fc.oneof(text, number, fc.constantFrom(null, undefined, true, false, [], {}, 7n), fc.object());

/** Exchanges whose values are of the declared types, however odd. */
export const oddExchange: fc.Arbitrary<Exchange> = exchangeWith(text, number, fc.boolean());

/** Exchanges whose values are of any type at all. */
export const wrongExchange: fc.Arbitrary<Exchange> = exchangeWith(anything, anything, anything);

function exchangeWith(string: fc.Arbitrary<unknown>, amount: fc.Arbitrary<unknown>, flag: fc.Arbitrary<unknown>): fc.Arbitrary<Exchange> {
  const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
  return fc.record({
    requestId: fc.oneof(fc.constant(FULL.requestId), text), receivedAt: amount, provider: string, method: string, path: string,
    model: maybe(string), responseModel: maybe(string), stream: maybe(flag), requestSize: amount, responseSize: amount, statusCode: amount, providerStatusCode: maybe(amount),
    totalMs: amount, providerMs: maybe(amount), timeToFirstTokenMs: maybe(amount), overheadUs: amount,
    usage: maybe(fc.record({
      inputTokens: maybe(amount), outputTokens: maybe(amount), totalTokens: maybe(amount), cachedTokens: maybe(amount), cacheWriteTokens: maybe(amount), reasoningTokens: maybe(amount),
    })),
    finishReason: maybe(string), endReason: string, attempts: amount, errorType: maybe(string), errorCount: amount, providerErrorCount: amount, providerErrorType: maybe(string),
    client: maybe(string), projectId: maybe(string), organizationId: maybe(string), userId: maybe(string), experimentId: maybe(string),
  }) as unknown as fc.Arbitrary<Exchange>;
}
