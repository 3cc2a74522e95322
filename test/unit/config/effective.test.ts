import { resolve } from 'node:path';
import { expect } from 'chai';
import { effectiveSettings, type EffectiveSetting } from '../../../src/config/effective.js';
import { VARIABLE_NAMES } from '../../../src/config/settings.js';

const cwd = import.meta.dirname;

function effective(env: NodeJS.ProcessEnv, flags: Record<string, string> = {}): Map<string, Omit<EffectiveSetting, 'name'>> {
  const others = [{ name: 'OPENAI_API_KEY', secret: true }, { name: 'OPENAI_BASE_URL', secret: false }, { name: 'GROQ_API_KEY', secret: true }];
  return new Map(effectiveSettings({ env, flags, cwd }, others).map(({ name, ...rest }) => [name, rest]));
}

describe('the effective configuration', () => {
  it('holds every variable of the schema once, and of the others those that are set', () => {
    const names = [...effective({ OPENAI_API_KEY: 'sk-1' }).keys()];
    expect(names).to.deep.equal([...VARIABLE_NAMES, 'OPENAI_API_KEY']);
  });

  it('says where each value came from', () => {
    const settings = effective({ HOST: '::1' }, { PORT: '8080' });
    expect(settings.get('PORT')).to.deep.equal({ value: '8080', source: 'flag' });
    expect(settings.get('HOST')).to.deep.equal({ value: '::1', source: 'environment' });
    expect(settings.get('MAX_BODY_BYTES')).to.deep.equal({ value: '100MiB', source: 'default' });
    expect(settings.get('PRICES_FILE')).to.deep.equal({ value: null, source: null });
  });

  it('shows no secret', () => {
    const settings = effective({
      OPENAI_API_KEY: 'sk-secret', OPENAI_BASE_URL: 'http://me:secret@localhost/v1', GATEWAY_API_KEYS: 'alice:secret,bob:secret2',
      ELASTICSEARCH_PASSWORD: 'secret', ELASTICSEARCH_API_KEY: 'secret', ELASTICSEARCH_URL: 'https://elastic:secret@a:9200,https://b',
      CUSTOM_PROVIDERS: '[{"name":"lab","baseUrl":"http://me:secret@lab"}]',
    });
    expect(JSON.stringify([...settings.values()])).not.to.include('secret');
    expect(settings.get('GATEWAY_API_KEYS')?.value).to.equal('alice:********,bob:********');
    expect(settings.get('ELASTICSEARCH_URL')?.value).to.equal('https://********@a:9200,https://b');
  });

  it('shows values that come from another variable, with that one\'s source', () => {
    const settings = effective({ ELASTICSEARCH_URL: 'https://elastic:secret@a:9200', RUST_LOG: 'debug,hyper=warn', XDG_DATA_HOME: '/data' });
    expect(settings.get('ELASTICSEARCH_USERNAME')).to.deep.equal({ value: 'elastic', source: 'environment' });
    expect(settings.get('ELASTICSEARCH_PASSWORD')).to.deep.equal({ value: '********', source: 'environment' });
    expect(settings.get('LOG_LEVEL')).to.deep.equal({ value: 'debug', source: 'environment' });
    expect(settings.get('TELEMETRY_DIR')).to.deep.equal({ value: resolve('/data/gateway'), source: 'default' });
  });
});
