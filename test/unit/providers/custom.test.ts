import { expect } from 'chai';
import { Failure } from '../../../src/domain/failure.js';
import { CUSTOM_DIALECTS, customProvider } from '../../../src/providers/registry.js';

const lab = { name: 'lab', baseUrl: 'http://localhost:8000', dialect: 'openai-chat' };

describe('custom provider', () => {
  it('takes the base URL with or without /v1, and below a path', () => {
    for (const baseUrl of ['http://localhost:8000', 'http://localhost:8000/', 'http://localhost:8000/v1', 'http://localhost:8000/v1/']) {
      expect(customProvider({ ...lab, baseUrl })).to.deep.include({ name: 'lab', origin: 'http://localhost:8000', root: '/v1', nativeRoots: ['/v1'] });
    }
    expect(customProvider({ ...lab, baseUrl: 'https://host/llm/v1' })).to.deep.include({ origin: 'https://host', root: '/llm/v1', nativeRoots: ['/llm/v1'] });
  });

  it('speaks each dialect that may be named at that dialect\'s paths', () => {
    const paths: Record<string, [string, string]> = {
      'openai-chat': ['/v1/chat/completions', 'openai-chat'],
      'openai-responses': ['/v1/responses', 'openai-responses'],
      'anthropic-messages': ['/v1/messages', 'anthropic-messages'],
      'gemini': ['/v1beta/models/m:generateContent', 'gemini'],
      'cohere': ['/v2/chat', 'cohere'],
      'bedrock-converse': ['/model/m/converse', 'bedrock-converse'],
      'bedrock-invoke': ['/model/m/invoke', 'bedrock-invoke'],
      'ollama': ['/api/chat', 'ollama'],
    };
    expect(Object.keys(paths)).to.have.members([...CUSTOM_DIALECTS]);
    for (const dialect of CUSTOM_DIALECTS) {
      const [path, expected] = paths[dialect] as [string, string];
      const provider = customProvider({ ...lab, dialect });
      expect(provider.dialects.find((rule) => rule.path.test(path))?.dialect.name, dialect).to.equal(expected);
    }
  });

  it('refuses what cannot be used, naming it and the fix, but no secret', () => {
    const cases: [Partial<typeof lab>, string][] = [
      [{ name: 'Lab' }, '"Lab"'], [{ name: 'v1' }, '"v1"'], [{ name: 'a/b' }, '"a/b"'], [{ name: '' }, '""'],
      [{ dialect: 'openai' }, '"openai"'], [{ dialect: 'toString' }, '"toString"'],
      [{ baseUrl: 'localhost:8000' }, 'lab'], [{ baseUrl: 'ftp://x' }, 'lab'], [{ baseUrl: 'http://me:hunter2@x' }, 'lab'],
      [{ baseUrl: 'http://x/?key=hunter2' }, 'lab'], [{ baseUrl: 'http://x/path', dialect: 'gemini' }, 'gemini'],
    ];
    for (const [change, named] of cases) {
      try {
        customProvider({ ...lab, ...change });
        expect.fail(`${JSON.stringify(change)} was taken`);
      } catch (error) {
        expect(error, JSON.stringify(change)).to.be.instanceOf(Failure);
        const { message, fix, exitCode } = error as Failure;
        expect(message).to.include('CUSTOM_PROVIDERS').and.include(named).and.not.include('hunter2');
        expect(fix).to.not.equal('');
        expect(exitCode).to.equal(2);
      }
    }
  });
});
