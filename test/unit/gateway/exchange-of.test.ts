import { expect } from 'chai';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { endReasonOf, exchangeOf, type Outcome } from '../../../src/gateway/exchange-of.js';

const arrival = { requestId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', receivedAt: 1_000, startedAt: 100, target: { path: '/v1/x', query: '' }, corsHeaders: [] };
const request: IncomingMessage = Object.assign(new IncomingMessage(new Socket()), { method: 'POST' });
const good: Outcome = {
  provider: 'openai', client: undefined, requestSize: 1, responseSize: 2, endReason: 'complete', errorType: undefined, attempts: 1, failedAttempts: 0,
  providerMs: 50, bodyReadMs: 20, endedAt: 180, providerStatus: 200, headSent: true, observation: { failed: false, hasToken: false, complete: false },
};
const of = (outcome: Partial<Outcome>): ReturnType<typeof exchangeOf> => exchangeOf(arrival, request, { ...good, ...outcome });

// Rule 17: what the fields mean.
describe('the exchange of a request', () => {
  it('takes its latencies from one clock, and its own share is what is left', () => {
    expect(of({})).to.deep.include({ totalMs: 80, providerMs: 50, overheadUs: 10_000 });
    expect(of({ providerMs: 100 }).overheadUs).to.equal(0); // clocks that overlap (a body that streams) make no negative share
  });
  it('has no provider latency where the provider was never asked', () => {
    expect(of({ attempts: 0, providerMs: 0, providerStatus: undefined, errorType: 'body_too_large', headSent: false }).providerMs).to.equal(undefined);
  });
  it('has a time to first token in streams only, from the request\'s arrival', () => {
    expect(of({ isStream: true, firstTokenAt: 130 }).timeToFirstTokenMs).to.equal(30);
    expect(of({ isStream: false, firstTokenAt: 130 }).timeToFirstTokenMs).to.equal(undefined);
    expect(of({ isStream: true }).timeToFirstTokenMs).to.equal(undefined);
  });
  it('says stream where the request did, else where the answer was one', () => {
    expect(of({ stream: false, isStream: true }).stream).to.equal(false);
    expect(of({ isStream: true }).stream).to.equal(true);
    expect(of({ isStream: false }).stream).to.equal(undefined);
  });
  for (const [what, outcome, providerErrors, errors] of [
    ['nothing failed', {}, 0, 0],
    ['the provider answered 429', { providerStatus: 429, observation: { failed: true, hasToken: false, complete: false } }, 1, 1],
    ['an error body came under 200', { observation: { failed: true, hasToken: false, complete: false } }, 1, 1],
    ['a stream broke after an error event', { failedAttempts: 1, errorType: 'upstream_reset', observation: { failed: true, hasToken: true, complete: false } }, 1, 1],
    ['three connections were refused', { attempts: 3, failedAttempts: 3, errorType: 'upstream_connect', providerStatus: undefined, observation: undefined }, 3, 3],
    ['the third connection carried a 500', { attempts: 3, failedAttempts: 2, providerStatus: 500 }, 3, 3],
    ['the client left', { errorType: 'client_closed', providerStatus: undefined }, 0, 1],
    ['the client left a failing answer', { errorType: 'client_closed', providerStatus: 500 }, 1, 2],
    ['the gateway refused', { attempts: 0, errorType: 'unauthorized', providerStatus: undefined }, 0, 1],
  ] as const) {
    it(`counts errors where ${what}`, () => expect(of(outcome)).to.deep.include({ providerErrorCount: providerErrors, errorCount: errors }));
  }
  for (const [outcome, status] of [
    [{ providerStatus: 201 }, 201],
    [{ providerStatus: 200, headSent: false }, 200], // the head of an empty answer leaves with the record
    [{ providerStatus: 200, headSent: true, errorType: 'upstream_reset' }, 200],
    [{ providerStatus: 200, headSent: false, errorType: 'upstream_reset' }, 502],
    [{ providerStatus: undefined, headSent: false, errorType: 'client_closed' }, 499],
    [{ providerStatus: 200, headSent: false, errorType: 'client_closed' }, 499],
  ] as const) {
    it(`${JSON.stringify(outcome)}: the client got ${status}`, () => expect(of(outcome).statusCode).to.equal(status));
  }
  it('takes the first of repeated tracking headers', () => {
    const headers = { 'x-user-id': 'u', 'x-organization-id': 'o', 'x-organisation-id': 'p' };
    expect(exchangeOf(arrival, { method: 'GET', headers }, good)).to.deep.include({ userId: 'u', organizationId: 'o', method: 'GET' });
  });
  it('names who ended it by its error alone, over HTTP as over WebSocket', () => {
    expect(endReasonOf('client_closed')).to.equal('client');
    for (const type of ['upstream_connect', 'upstream_reset', 'upstream_timeout_idle'] as const) expect(endReasonOf(type)).to.equal('provider');
    for (const type of ['bad_request', 'connections_full', 'provider_unconfigured', 'shutting_down'] as const) expect(endReasonOf(type)).to.equal('gateway');
  });
});
