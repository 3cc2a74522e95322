import { expect } from 'chai';
import { demoProvider, PROVIDERS } from '../../../src/providers/registry.js';

const WITH_DEMO = [...PROVIDERS, demoProvider];

/** Provider, native path, dialect; `*` marks paths where stream usage is asked for. */
const TABLE: readonly [string, string, string][] = [
  ['openai', '/v1/chat/completions', 'openai-chat*'],
  ['openai', '/v1/completions', 'openai-chat*'],
  ['openai', '/v1/chat/completions/c_1', 'openai stored'],
  ['openai', '/v1/responses', 'openai-responses'],
  ['openai', '/v1/responses/compact', 'openai-responses'],
  ['openai', '/v1/responses/resp_1', 'openai-responses'],
  ['openai', '/v1/responses/resp_1/input_items', 'openai stored'],
  ['openai', '/v1/responses/input_tokens', 'openai stored'],
  ['openai', '/v1/embeddings', 'openai'],
  ['openai', '/v1/images/edits', 'openai'],
  ['openai', '/v1/audio/speech', 'openai'],
  ['openai', '/v1/moderations', 'openai'],
  ['openai', '/v1/files/f/content', 'openai stored'],
  ['openai', '/v1/threads/t/messages', 'openai stored'],
  ['openai', '/v1/models', 'openai stored'],
  ['anthropic', '/v1/messages', 'anthropic-messages'],
  ['anthropic', '/v1/messages/count_tokens', 'anthropic-messages stored'],
  ['anthropic', '/v1/messages/batches', 'anthropic-messages stored'],
  ['anthropic', '/v1/chat/completions', 'openai-chat*'],
  ['gemini', '/v1beta/models/g:generateContent', 'gemini'],
  ['gemini', '/v1beta/models/g:streamGenerateContent', 'gemini'],
  ['gemini', '/v1beta/models/g:countTokens', 'gemini stored'],
  ['gemini', '/v1beta/files/f', 'gemini stored'],
  ['gemini', '/v1beta/openai/chat/completions', 'openai-chat'],
  ['gemini', '/v1beta/openai/models', 'openai stored'],
  ['vertex', '/v1/projects/p/locations/l/publishers/google/models/g:streamGenerateContent', 'gemini'],
  ['vertex', '/v1/projects/p/locations/l/publishers/anthropic/models/c:streamRawPredict', 'anthropic-messages'],
  ['vertex', '/v1/projects/p/locations/l/endpoints/openapi/chat/completions', 'openai-chat*'],
  ['vertex', '/v1/projects/p/locations/l/endpoints/123/chat/completions', 'openai-chat'],
  ['bedrock', '/model/arn%3Aaws%3Abedrock/converse', 'bedrock-converse'],
  ['bedrock', '/model/m/converse-stream', 'bedrock-converse'],
  ['bedrock', '/model/m/invoke', 'bedrock-invoke'],
  ['bedrock', '/model/m/invoke-with-response-stream', 'bedrock-invoke'],
  ['bedrock', '/openai/v1/chat/completions', 'openai-chat*'],
  ['bedrock', '/guardrail/g/version/1/apply', 'bedrock-converse'],
  ['azure-openai', '/openai/deployments/d/chat/completions', 'openai-chat*'],
  ['azure-openai', '/openai/deployments/d/embeddings', 'openai'],
  ['azure-openai', '/openai/v1/responses', 'openai-responses'],
  ['groq', '/openai/v1/chat/completions', 'openai-chat*'],
  ['mistral', '/v1/fim/completions', 'openai-chat'],
  ['deepseek', '/anthropic/v1/messages', 'anthropic-messages'],
  ['deepseek', '/beta/completions', 'openai-chat*'],
  ['together', '/v1/rerank', 'openai'],
  ['vllm', '/v1/rerank', 'openai'],
  ['openrouter', '/api/v1/chat/completions', 'openai-chat'],
  ['perplexity', '/chat/completions', 'openai-chat'],
  ['perplexity', '/v1/responses', 'openai-responses'],
  ['perplexity', '/v1/agent', 'openai-responses'],
  ['perplexity', '/v1/sonar', 'openai-chat'],
  ['cohere', '/v2/chat', 'cohere'],
  ['cohere', '/v2/embed', 'cohere'],
  ['cohere', '/compatibility/v1/chat/completions', 'openai-chat*'],
  ['ollama', '/api/chat', 'ollama'],
  ['ollama', '/v1/chat/completions', 'openai-chat*'],
  ['ollama', '/v1/messages', 'anthropic-messages'],
  ['demo', '/v1/chat/completions', 'openai-chat*'],
  ['demo', '/v1/messages', 'anthropic-messages'],
];

describe('the dialect of a path', () => {
  for (const [name, path, expected] of TABLE) {
    it(`${name} ${path}: ${expected}`, () => {
      const provider = WITH_DEMO.find((candidate) => candidate.name === name);
      const rule = provider?.dialects.find((candidate) => candidate.path.test(path));
      const dialect = rule?.dialect ?? provider?.defaultDialect;
      const stored = dialect?.bodyMembers.some((member) => /^(?:usage|meta|prompt_eval)/.test(member)) === false;
      expect(`${dialect?.name ?? 'none'}${stored ? ' stored' : ''}${rule?.streamUsage === true ? '*' : ''}`).to.equal(expected);
    });
  }

  it('Google\'s and Amazon\'s paths name model and stream, Azure\'s the deployment', () => {
    const facts = (name: string, path: string): unknown => {
      const provider = PROVIDERS.find((candidate) => candidate.name === name);
      const rule = provider?.dialects.find((candidate) => candidate.path.test(path));
      return (rule?.dialect ?? provider?.defaultDialect)?.readPath?.(path);
    };
    expect(facts('gemini', '/v1beta/models/gemini-2.5-flash:streamGenerateContent')).to.deep.equal({ model: 'gemini-2.5-flash', stream: true });
    expect(facts('gemini', '/v1beta/tunedModels/my%20one:generateContent')).to.deep.equal({ model: 'my one', stream: false });
    expect(facts('gemini', '/v1beta/models/%zz:generateContent')).to.deep.equal({ model: '%zz', stream: false });
    expect(facts('vertex', '/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4@20250514:streamRawPredict'))
      .to.deep.equal({ model: 'claude-opus-4@20250514', stream: true });
    expect(facts('bedrock', '/model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke-with-response-stream'))
      .to.deep.equal({ model: 'anthropic.claude-3-haiku-20240307-v1:0', stream: true });
    expect(facts('bedrock', '/model/%E0%A4/converse')).to.deep.equal({ model: '%E0%A4', stream: false });
    expect(facts('azure-openai', '/openai/deployments/prod%2D1/embeddings')).to.deep.equal({ model: 'prod-1' });
    expect(facts('azure-openai', '/openai/v1/chat/completions')).to.deep.equal({});
    expect(facts('ollama', '/api/chat')).to.deep.equal({ stream: true });
    expect(facts('ollama', '/api/embed')).to.deep.equal({});
  });
});
