import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Failure } from '../../../src/domain/failure.js';
import { customProviders } from '../../../src/providers/registry.js';

const lab = { name: 'lab', baseUrl: 'http://localhost:8000', dialect: 'openai-chat' };
const TAKEN = ['openai'];

describe('CUSTOM_PROVIDERS', () => {
  it('is a JSON list of providers', () => {
    const providers = customProviders(JSON.stringify([lab, { ...lab, name: 'claude-lab', dialect: 'anthropic-messages' }]), TAKEN);
    expect(providers.map(({ name, origin, auth }) => ({ name, origin, auth }))).to.deep.equal([
      { name: 'lab', origin: 'http://localhost:8000', auth: 'none' }, { name: 'claude-lab', origin: 'http://localhost:8000', auth: 'x-api-key' },
    ]);
    expect(customProviders(' [] ', TAKEN)).to.deep.equal([]);
  });

  it('says where a server wants its key', () => {
    expect(customProviders(JSON.stringify([{ ...lab, auth: 'api-key' }]), TAKEN)[0]?.auth).to.equal('api-key');
  });

  it('may be a file', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'custom-'));
    const file = join(dir, 'providers.json');
    await writeFile(file, `\n${JSON.stringify([lab], null, 2)}\n`);
    expect(customProviders(file, TAKEN)[0]?.name).to.equal('lab');
    await rm(dir, { recursive: true });
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ['a name of a known provider', JSON.stringify([{ ...lab, name: 'openai' }]), 'entry 1: the name "openai"'],
    ['the same name twice', JSON.stringify([lab, lab]), 'entry 2: the name "lab"'],
    ['a name whose variables are others\'', JSON.stringify([{ ...lab, name: 'elasticsearch' }]), '"elasticsearch"'],
    ['a name that records use for no provider', JSON.stringify([{ ...lab, name: 'unknown' }]), '"unknown"'],
    ['a missing name', JSON.stringify([{ ...lab, name: undefined }]), 'entry 1: name'],
    ['a missing address', JSON.stringify([{ ...lab, baseUrl: undefined }]), 'entry 1: baseUrl'],
    ['a missing dialect', JSON.stringify([{ ...lab, dialect: 7 }]), 'entry 1: dialect'],
    ['a dialect that is none', JSON.stringify([{ ...lab, dialect: 'openai' }]), '"openai"'],
    ['a key in the list', JSON.stringify([{ ...lab, apiKey: 'hunter2' }]), '"apiKey"'],
    ['a place for the key that is none', JSON.stringify([{ ...lab, auth: 'hunter2' }]), 'auth'],
    ['an entry that is not an object', '["hunter2"]', 'entry 1'],
    ['one provider without a list', JSON.stringify(lab), 'not a list'],
    ['broken JSON', '[{"name":"lab","baseUrl":"http://me:hunter2@x",}]', 'not valid JSON'],
    ['an address with a password', JSON.stringify([{ ...lab, baseUrl: 'http://me:hunter2@x' }]), 'lab'],
    ['a file that is not there', './hunter2/no-such-file.json', 'ENOENT'],
  ];
  for (const [name, value, named] of refused) {
    it(`refuses ${name}, naming entry and fix but no secret`, () => {
      let failure: unknown;
      try {
        customProviders(value, TAKEN);
      } catch (error) {
        failure = error;
      }
      expect(failure).to.be.instanceOf(Failure);
      const { message, fix, exitCode } = failure as Failure;
      expect(message).to.include('CUSTOM_PROVIDERS').and.include(named);
      expect(`${message} ${fix} ${String((failure as Failure).cause)}`).to.not.include('hunter2');
      expect(fix).to.not.equal('');
      expect(exitCode).to.equal(2);
    });
  }
});
