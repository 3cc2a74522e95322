import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { envFile } from '../../../src/config/env-file.js';
import { loadConfig } from '../../../src/config/load.js';
import { environmentWarnings } from '../../../src/server/environment-warnings.js';

describe('warnings of what is set and not used', () => {
  let cwd: string;
  beforeEach(() => { cwd = mkdtempSync(join(tmpdir(), 'gateway-env-')); });
  afterEach(() => { rmSync(cwd, { recursive: true }); });

  const warnings = (dotenv: string, env: NodeJS.ProcessEnv = {}): string[] => {
    writeFileSync(join(cwd, '.env'), dotenv);
    return environmentWarnings(loadConfig({ env, cwd }));
  };

  for (const [name, meant] of [
    ['ELASTICSEARCH_USER', 'ELASTICSEARCH_USERNAME'], ['OPENAI_APIKEY', 'OPENAI_API_KEY'], ['OPENAI_KEY', 'OPENAI_API_KEY'], ['ELASTICSEARCH_URLS', 'ELASTICSEARCH_URL'],
    ['ENABLE_ELASTIC_SEARCH', 'ENABLE_ELASTICSEARCH'], ['ANTHROPIC_BASEURL', 'ANTHROPIC_BASE_URL'], ['GATEWAY_API_KEY', 'GATEWAY_API_KEYS'], ['telemetry_dir', 'TELEMETRY_DIR'],
  ] as const) {
    it(`${name} in .env: ${meant}`, () => {
      expect(warnings(`${name}=x\n`)).to.deep.equal([`${name} in the file .env is not a setting; did you mean ${meant}?`]);
    });
  }

  it('none of settings, of the names that docker-compose.yml takes, and of other programs', () => {
    expect(warnings(envFile().replaceAll(/^#([A-Z_]+=)\S*$/gm, '$1'))).to.deep.equal([]);
    expect(warnings('ELASTIC_PASSWORD=x\nGATEWAY_ELASTICSEARCH_PASSWORD=x\nKIBANA_ENCRYPTION_KEY=x\nDATABASE_URL=x\nOPENAI_MODEL=x\nSMTP_PASSWORD=x\nPOST=1\n')).to.deep.equal([]);
  });

  it('proxies, which are not used yet', () => {
    const text = ': the gateway does not use proxies yet and connects to providers directly';
    expect(warnings('', { HTTPS_PROXY: 'http://proxy:3128' })).to.deep.equal([`HTTPS_PROXY${text}`]);
    expect(warnings('http_proxy=http://user:secret@proxy:3128\n', { https_proxy: 'http://proxy:3128' })).to.deep.equal([`HTTPS_PROXY and HTTP_PROXY${text}`]);
  });
});
