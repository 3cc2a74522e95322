import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { RECORD_FIELDS, recordField } from '../../../src/domain/record-fields.js';
import type { Price } from '../../../src/pricing/price.js';
import { lineKey, lineTime } from '../../../src/telemetry/line-format.js';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { BARE, FULL, oddExchange, wrongExchange } from './exchanges.js';

const context = { instance: 'host-abcd', version: '1.2.3' };
const price: Price = { cost: 0.0544, source: 'genai-prices', version: '0.1.8' };
const parse = (line: string): Record<string, unknown> => JSON.parse(line) as Record<string, unknown>;
const record = (change: Partial<typeof FULL>): Record<string, unknown> => parse(recordLine({ ...FULL, ...change }, { ...context, price }));

/** Whether Elasticsearch takes a value for a field of that type, by the rules of its mapping. */
function fits(type: string, value: unknown): boolean {
  const whole = (max: number): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
  switch (type) {
    case 'keyword': return typeof value === 'string' && value.isWellFormed() && Buffer.byteLength(value) <= 1_024 && value !== '';
    case 'date': return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && new Date(value).toISOString() === value && value >= '1970';
    case 'boolean': return typeof value === 'boolean';
    case 'short': return whole(32_767);
    case 'integer': return whole(2_147_483_647);
    case 'long': return whole(Number.MAX_SAFE_INTEGER);
    case 'float': return typeof value === 'number' && Number.isFinite(Math.fround(value)) && value >= 0;
    default: return false;
  }
}

describe('the line of a record', () => {
  it('holds every field, in the order of the list, with exactly these values', () => {
    const line = recordLine(FULL, { ...context, price });
    expect(line).to.equal(`${JSON.stringify({
      request_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', timestamp: '2026-11-25T08:09:10.007Z', provider: 'openai', model: 'gpt-4o', response_model: 'gpt-4o-2024-08-06',
      path: '/v1/chat/completions', method: 'POST', stream: true, status_code: 200, provider_status_code: 201, total_latency_ms: 33, provider_latency_ms: 32,
      time_to_first_token_ms: 13, overhead_us: 1800, request_size: 11, response_size: 22, input_tokens: 5, output_tokens: 6, total_tokens: 12, cached_tokens: 1,
      cache_write_tokens: 2, reasoning_tokens: 3, cost: 0.0544, price_source: 'genai-prices', price_version: '0.1.8', finish_reason: 'stop', end_reason: 'complete', attempts: 2,
      error_count: 1, error_type: 'upstream_reset', provider_error_count: 1, provider_error_type: 'rate_limit_exceeded', client: 'team-a', project_id: 'p', organization_id: 'o',
      user_id: 'u', experiment_id: 'e', gateway_instance: 'host-abcd', gateway_version: '1.2.3',
    })}\n`);
    expect(Object.keys(parse(line))).to.deep.equal(RECORD_FIELDS.map(({ name }) => name));
  });

  it('leaves out what is unknown: never 0, null or an empty string', () => {
    expect(parse(recordLine(BARE, context))).to.deep.equal({
      request_id: BARE.requestId, timestamp: '2026-11-25T00:00:00.000Z', provider: 'unknown', path: '/v1/models', method: 'GET', status_code: 400, total_latency_ms: 0,
      overhead_us: 200, request_size: 0, response_size: 0, end_reason: 'gateway', attempts: 0, error_count: 0, provider_error_count: 0, gateway_instance: 'host-abcd', gateway_version: '1.2.3',
    });
    expect(record({ usage: {} })).to.not.have.any.keys('input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens', 'cache_write_tokens', 'reasoning_tokens');
    expect(record({ model: '', finishReason: '' })).to.not.have.any.keys('model', 'finish_reason');
  });

  it('has a cost of 0 only where the price is 0, and none with its source where it is unknown', () => {
    expect(parse(recordLine(FULL, { ...context, price: { cost: 0, source: 'override', version: 'x' } }))).to.include({ cost: 0, price_source: 'override' });
    for (const cost of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e39, undefined as unknown as number]) {
      expect(parse(recordLine(FULL, { ...context, price: { ...price, cost } }))).to.not.have.any.keys('cost', 'price_source', 'price_version');
    }
    expect(parse(recordLine(FULL, context))).to.not.have.any.keys('cost', 'price_source', 'price_version');
    expect(parse(recordLine(FULL, { ...context, price: { ...price, cost: 1e-7, version: '' } }))).to.include({ cost: 1e-7 }).and.not.have.property('price_version');
  });

  it('adds up the total where the provider did not, and only where both parts are known', () => {
    expect(record({ usage: { inputTokens: 5, outputTokens: 6 } })).to.include({ total_tokens: 11 });
    expect(record({ usage: { inputTokens: 5 } })).to.not.have.property('total_tokens');
    expect(record({ usage: { totalTokens: 9 } })).to.include({ total_tokens: 9 });
  });

  for (const [field, key, max] of [['status_code', 'statusCode', 32_767], ['attempts', 'attempts', 32_767], ['error_count', 'errorCount', 32_767], ['total_latency_ms', 'totalMs', Number.MAX_SAFE_INTEGER]] as const) {
    it(`${field}: rounds fractions, and leaves out what is beyond its type`, () => {
      expect(record({ [key]: max })[field]).to.equal(max);
      expect(record({ [key]: 1.5 })[field]).to.equal(2);
      expect(record({ [key]: -0.2 })[field]).to.equal(0);
      for (const value of [max + 1, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(record({ [key]: value })).to.not.have.property(field);
    });
  }
  it('leaves out tokens beyond an integer', () => {
    expect(record({ usage: { inputTokens: 2_147_483_647, outputTokens: 2_147_483_648 } })).to.include({ input_tokens: 2_147_483_647 }).and.not.have.any.keys('output_tokens', 'total_tokens');
  });

  for (const [what, value, kept] of [
    ['1,024 letters', 'a'.repeat(1_024), 'a'.repeat(1_024)],
    ['1,025 letters', 'a'.repeat(1_025), 'a'.repeat(1_024)],
    ['two-byte characters across the limit', `a${'ü'.repeat(600)}`, `a${'ü'.repeat(511)}`],
    ['three-byte characters', '€'.repeat(400), '€'.repeat(341)],
    ['surrogate pairs', '😀'.repeat(300), '😀'.repeat(256)],
    ['surrogate pairs across the limit', `abc${'😀'.repeat(300)}`, `abc${'😀'.repeat(255)}`],
    ['a lone high surrogate', 'x\ud83d', 'x\ufffd'],
    ['a lone low surrogate', '\ude00x', '\ufffdx'],
    ['lone surrogates in a long text', `\ud83d${'a'.repeat(2_000)}`, `\ufffd${'a'.repeat(1_021)}`],
    ['a lone surrogate where it is cut', `${'a'.repeat(1_023)}\ud83d`, 'a'.repeat(1_023)],
    ['quotes, backslashes and control characters', '"\\\n\r\t\u0000\u001b\u007f\u2028', '"\\\n\r\t\u0000\u001b\u007f\u2028'],
  ] as const) {
    it(`strings: ${what}`, () => {
      for (const field of ['model', 'path', 'userId', 'providerErrorType'] as const) expect(record({ [field]: value })[fieldName(field)]).to.equal(kept);
    });
  }

  for (const [what, receivedAt, timestamp] of [
    ['the epoch', 0, '1970-01-01T00:00:00.000Z'], ['before it', -5, '1970-01-01T00:00:00.000Z'], ['the last moment', Date.UTC(9999, 11, 31, 23, 59, 59, 999), '9999-12-31T23:59:59.999Z'],
    ['beyond it', 1e15, '9999-12-31T23:59:59.999Z'], ['a fraction', 1_500.9, '1970-01-01T00:00:01.500Z'],
  ] as const) {
    it(`the time: ${what}`, () => expect(record({ receivedAt })['timestamp']).to.equal(timestamp));
  }
  it('the time: none at all becomes the present', () => {
    const before = Date.now();
    const at = Date.parse(record({ receivedAt: Number.NaN })['timestamp'] as string);
    expect(at).to.be.within(before, Date.now());
  });
  it('the time is right across seconds, forwards and back', () => {
    for (const at of [999, 1_000, 1_001, 59_999, 60_000, 1_000, 86_400_000, 0, 1_700_000_000_123]) expect(record({ receivedAt: at })['timestamp']).to.equal(new Date(at).toISOString());
  });

  it('an id that is none is replaced by one', () => {
    for (const requestId of ['', 'short', '"}\n{"x":"', '01ARZ3NDEKTSV4RRFFQ69G5FAI', '01arz3ndektsv4rrffq69g5fav']) {
      expect(record({ requestId })['request_id']).to.match(/^[0-9A-HJKMNP-TV-Z]{26}$/).and.not.equal(requestId);
    }
  });

  it('the Elasticsearch mapping has these fields with these types, and no others', () => {
    const mapping = JSON.parse(readFileSync(new URL('../../../templates/elasticsearch/mapping.json', import.meta.url), 'utf8')) as { properties: Record<string, { type: string }> };
    expect(Object.entries(mapping.properties).map(([name, { type }]) => ({ name, type }))).to.deep.equal(RECORD_FIELDS.map(({ name, type }) => ({ name, type })));
  });

  for (const [what, arbitrary] of [['odd values', oddExchange], ['values of any type', wrongExchange]] as const) {
    it(`property: ${what} make one line of JSON whose fields fit their types, id and time at their places`, () => {
      fc.assert(fc.property(arbitrary, fc.option(fc.record({ cost: fc.double(), source: fc.constant('override' as const), version: fc.string({ unit: 'binary' }) }), { nil: undefined }), (exchange, odd) => {
        const line = recordLine(exchange, { ...context, price: odd });
        expect(line.indexOf('\n')).to.equal(line.length - 1);
        expect(line.isWellFormed()).to.equal(true);
        const fields = parse(line);
        for (const [name, value] of Object.entries(fields)) {
          const field = recordField(name);
          expect(field !== undefined && fits(field.type, value), `${name}: ${JSON.stringify(value)}`).to.equal(true);
        }
        const order = RECORD_FIELDS.map(({ name }) => name as string).filter((name) => name in fields);
        expect(Object.keys(fields)).to.deep.equal(order);
        const bytes = Buffer.from(line);
        expect(lineKey(bytes)).to.deep.equal({ id: fields['request_id'], date: (fields['timestamp'] as string).slice(0, 10) });
        expect(lineTime(bytes)).to.equal(Date.parse(fields['timestamp'] as string));
      }), { numRuns: 500 });
    });
  }
});

function fieldName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
