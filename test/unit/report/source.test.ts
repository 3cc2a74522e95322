import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Failure } from '../../../src/domain/failure.js';
import { chooseSource, parseSource } from '../../../src/report/source.js';

describe('the source of a report', () => {
  let dir = '';
  beforeEach(async () => { dir = await mkdtemp(join(tmpdir(), 'gateway-source-')); });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const record = (): Promise<void> => writeFile(join(dir, '00000001-10-aaaa.ndjson'), '{}\n');
  const auto = (elasticsearch: boolean, duckDb = true): ReturnType<typeof chooseSource> =>
    chooseSource('auto', { dir, elasticsearch, index: 'ai-gateway-metrics', hasDuckDb: () => Promise.resolve(duckDb) });

  it('is the one that was asked for, without a word', async () => {
    const surroundings = { dir, elasticsearch: false, index: 'x', hasDuckDb: () => Promise.reject(new Error('not to be asked')) };
    expect(await chooseSource('elasticsearch', surroundings)).to.deep.equal({ source: 'elasticsearch' });
    expect(await chooseSource('local', { ...surroundings, elasticsearch: true })).to.deep.equal({ source: 'local' });
  });

  it('is the log where there is one, and says how to ask the cluster', async () => {
    await record();
    expect(await auto(false)).to.deep.equal({ source: 'local', why: `Source: the log in ${dir}.` });
    const { source, why } = await auto(true);
    expect(source).to.equal('local');
    expect(why).to.include('--source elasticsearch');
  });

  it('is the cluster where there is no log and the export is on', async () => {
    const { source, why } = await auto(true);
    expect(source).to.equal('elasticsearch');
    expect(why).to.include('ai-gateway-metrics').and.to.include('no records');
    expect(await auto(false)).to.deep.equal({ source: 'local' });
  });

  it('is the cluster where DuckDB is missing and the export is on', async () => {
    await record();
    expect((await auto(true, false)).source).to.equal('elasticsearch');
    expect((await auto(false, false)).source).to.equal('local');
  });

  it('has one of three names', () => {
    expect([undefined, 'local', 'Elasticsearch', 'auto'].map(parseSource)).to.deep.equal(['auto', 'local', 'elasticsearch', 'auto']);
    expect(() => parseSource('es')).to.throw(Failure, '--source es: is not a source');
  });
});
