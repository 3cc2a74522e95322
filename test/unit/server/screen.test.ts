import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { upstreamsFrom } from '../../../src/gateway/create.js';
import { firstScreen, type ScreenInput } from '../../../src/server/screen.js';

function screen(input: Partial<ScreenInput> = {}, env: Readonly<Record<string, string>> = {}): string {
  const variable = (name: string) => (env[name] === undefined ? undefined : { value: env[name], source: 'environment' });
  return firstScreen({
    version: '1.2.3', url: 'http://127.0.0.1:3000', localUrl: 'http://127.0.0.1:3000', upstreams: upstreamsFrom(variable), telemetryDir: '/data/gateway',
    telemetryDirIsLocal: false, elasticsearch: undefined, access: 'local-key', localKey: 'gw_local', terminal: true, demo: false, warnings: [], command: 'gateway', ...input,
  });
}

/** The curl line that the user is asked to try. */
function curl(text: string): string {
  return /^ {2}(curl .*)$/m.exec(text)?.[1] ?? '';
}

describe('the first screen', () => {
  it('stays within 80 columns but for the line to copy', () => {
    const warnings = ['GATEWAY_API_KEYS: keys under 16 characters can be guessed: alice, bob, carol, dave, erin'];
    for (const line of screen({ warnings }, { OPENAI_API_KEY: 'k', GROQ_API_KEY: 'k', MISTRAL_API_KEY: 'k', TOGETHER_API_KEY: 'k' }).split('\n')) {
      if (!line.startsWith('  curl')) expect(line.length, line).to.be.at.most(80);
    }
  });

  it('never shows a key', () => {
    expect(screen({}, { OPENAI_API_KEY: 'sk-secret' })).to.include('openai (OPENAI_API_KEY, environment)').and.not.to.include('sk-secret');
  });

  it('suggests a request with the credential that will do', () => {
    expect(curl(screen())).to.include('"authorization: Bearer $OPENAI_API_KEY"');
    expect(curl(screen({}, { OPENAI_API_KEY: 'k' }))).to.include('"x-gateway-api-key: gw_local"');
    expect(curl(screen({ terminal: false }, { OPENAI_API_KEY: 'k' }))).to.include('"x-gateway-api-key: $(gateway keys local)"');
    expect(curl(screen({ access: 'everybody', localKey: undefined }, { OPENAI_API_KEY: 'k' }))).to.not.match(/authorization|api-key/);
    expect(curl(screen({}, { GROQ_API_KEY: 'k' }))).to.equal('curl http://127.0.0.1:3000/groq/v1/models -H "x-gateway-api-key: gw_local"');
    const locked = screen({ access: 'key' }, { OPENAI_API_KEY: 'k' });
    expect(curl(locked)).to.include('"x-gateway-api-key: $GATEWAY_KEY"');
    expect(locked).to.match(/^Try, in another terminal, with one of your gateway keys as GATEWAY_KEY:$/m);
    expect(curl(screen({ demo: true }))).to.match(/^curl http:\/\/127\.0\.0\.1:3000\/demo\/v1\/chat\/completions /).and.not.to.match(/authorization|api-key/);
  });

  it('suggests with --demo what the README does', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8').replaceAll(/ \\\n +/g, ' ');
    const line = curl(screen({ demo: true }));
    expect(line).not.to.equal('');
    // Once in the screen that it shows, once to copy.
    expect(readme.split('\n').filter((one) => one.trim() === line)).to.have.length(2);
    expect(readme).to.match(/^npx gateway metrics top --by provider$/m);
  });

  it('says who may enter', () => {
    expect(screen()).to.match(/Open to +programs with the local key; others with keys of their own/);
    expect(screen({ access: 'own-keys' })).to.match(/Open to +whoever has a key of a provider/);
    expect(screen({ access: 'everybody' }, { OPENAI_API_KEY: 'k' })).to.match(/Open to +everybody who reaches this address.*\n +Lends +openai \(OPENAI_API_KEY\), ollama \(no key\)\n/);
    expect(screen({ access: 'key' })).to.match(/Open to +whoever has a key of GATEWAY_API_KEYS/);
  });

  it('shows the local key on a terminal alone', () => {
    expect(screen()).to.match(/Local key +gw_local$/m);
    const log = screen({ terminal: false, command: 'npx gateway' }, { OPENAI_API_KEY: 'k' });
    expect(log).to.match(/Local key +`npx gateway keys local` prints it$/m).and.not.to.include('gw_local');
    expect(screen({ access: 'key', localKey: undefined })).to.not.include('Local key');
  });

  it('suggests a report that finds these records in another terminal', () => {
    expect(screen({ command: 'npx gateway' })).to.match(/^ {2}npx gateway metrics top --by provider$/m);
    expect(screen({ telemetryDirIsLocal: true, telemetryDir: '/my log' })).to.match(/^ {2}TELEMETRY_DIR='\/my log' gateway metrics top/m);
  });

  it('says where records go beyond the log, and what to beware of', () => {
    const text = screen({ elasticsearch: 'http://es:9200 as my-metrics', warnings: ['plain http'] });
    expect(text).to.match(/Elasticsearch +http:\/\/es:9200 as my-metrics/).and.to.match(/Warning +plain http/);
  });
});
