import Anthropic from '@anthropic-ai/sdk';
import { expect } from 'chai';
import OpenAI from 'openai';
import type { Dialect, ErrorAnswer } from '../../../src/domain/dialect.js';
import { ERROR_TYPES } from '../../../src/domain/error-types.js';
import { PROVIDERS } from '../../../src/providers/registry.js';
import { dialectAt, observe } from './stream-fixtures.js';

const error = (type: keyof typeof ERROR_TYPES): ErrorAnswer =>
  ({ status: ERROR_TYPES[type].status, type, message: 'What is wrong, and what fixes it.', requestId: '01J00000000000000000000000' });

/** A fetch that answers with the dialect's error body. */
function answering(dialect: Dialect, answer: ErrorAnswer): typeof fetch {
  return async () => new Response(dialect.errorBody(answer), { status: answer.status, headers: { 'content-type': 'application/json' } });
}

describe('the gateway\'s own errors', () => {
  const all = new Set(PROVIDERS.flatMap((provider) => [provider.defaultDialect, ...provider.dialects.map((rule) => rule.dialect)]));

  for (const dialect of all) {
    it(`${dialect.name}: every error is JSON that holds the message, and its own reader takes it for an error`, async () => {
      for (const type of Object.keys(ERROR_TYPES) as (keyof typeof ERROR_TYPES)[]) {
        const text = dialect.errorBody(error(type));
        expect(JSON.stringify(JSON.parse(text))).to.include('What is wrong, and what fixes it.');
        const { failed } = await observe(dialect, [Buffer.from(text)], { contentType: 'application/json', status: error(type).status });
        expect(failed).to.equal(true);
      }
    });
  }

  it('the OpenAI SDK raises them with our type as code', async () => {
    const client = new OpenAI({ apiKey: 'k', maxRetries: 0, fetch: answering(dialectAt('openai', '/v1/chat/completions'), error('upstream_connect')) });
    const raised = await client.models.list().then(() => undefined, (reason: unknown) => reason);
    expect(raised).to.be.instanceOf(OpenAI.InternalServerError);
    expect(raised).to.include({ status: 502, code: 'upstream_connect', type: 'gateway_error' });
    expect((raised as Error).message).to.include('What is wrong');
  });

  it('the Anthropic SDK raises them with Anthropic\'s type and our request id', async () => {
    const cases = [['unauthorized', 'authentication_error'], ['body_too_large', 'request_too_large'], ['upstream_timeout_idle', 'timeout_error'], ['upstream_connect', 'api_error']] as const;
    for (const [type, expected] of cases) {
      const client = new Anthropic({ apiKey: 'k', maxRetries: 0, fetch: answering(dialectAt('anthropic', '/v1/messages'), error(type)) });
      const raised = await client.models.list().then(() => undefined, (reason: unknown) => reason);
      expect(raised).to.be.instanceOf(Anthropic.APIError);
      expect((raised as { error: unknown }).error).to.deep.equal({
        type: 'error', error: { type: expected, message: 'What is wrong, and what fixes it.' }, request_id: error(type).requestId,
      });
    }
  });

  it('Gemini\'s carry a code and a status of Google\'s, Bedrock\'s a class of Amazon\'s', () => {
    expect(JSON.parse(dialectAt('gemini', '/v1beta/models/g:generateContent').errorBody(error('unauthorized'))))
      .to.deep.equal({ error: { code: 401, message: 'What is wrong, and what fixes it.', status: 'UNAUTHENTICATED' } });
    expect(JSON.parse(dialectAt('bedrock', '/model/m/converse').errorBody(error('upstream_connect'))))
      .to.deep.equal({ __type: 'ServiceUnavailableException', message: 'What is wrong, and what fixes it.' });
  });
});
