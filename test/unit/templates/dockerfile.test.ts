import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const ROOT = new URL('../../../', import.meta.url);
const lines = readFileSync(new URL('templates/docker/Dockerfile', ROOT), 'utf8').replace(/\\\n/g, ' ').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const instructions = lines.map((line) => ({ name: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
const of = (name: string): string[] => instructions.filter((each) => each.name === name).map((each) => each.rest);

/* Read, not built: no Docker engine was at hand. */
describe('the Dockerfile', () => {
  it('builds in one stage and ships another, on a Node that the package allows', () => {
    expect(of('FROM')).to.deep.equal(['${NODE_IMAGE} AS build', '${NODE_IMAGE}']);
    const [, version] = /^NODE_IMAGE=node:(\d+\.\d+\.\d+)-slim$/.exec(of('ARG')[0] ?? '') ?? [];
    const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { devDependencies: { node: string } };
    expect(version, 'the one that is tested with').to.equal(devDependencies.node);
  });

  it('fetches no second Node, and says what it is', () => {
    for (const step of of('RUN').filter((each) => /npm (ci|prune)/.test(each))) expect(step).to.include('--ignore-scripts');
    expect(of('LABEL')[0]).to.match(/org\.opencontainers\.image\.title=.*licenses="Apache-2\.0"/);
  });

  it('copies what is in the clone', () => {
    for (const rest of of('COPY').filter((each) => !each.startsWith('--from'))) for (const file of rest.split(' ').slice(0, -1)) expect(existsSync(new URL(file, ROOT)), file).to.equal(true);
  });

  it('runs as a user that is not root, without a shell between it and signals', () => {
    expect(of('USER')).to.deep.equal(['1000:1000']);
    expect(JSON.parse(of('ENTRYPOINT')[0] ?? '')).to.deep.equal(['node', 'bin/run.js']);
    expect(JSON.parse(of('CMD')[0] ?? '')).to.deep.equal(['serve']);
  });

  it('asks /health, and knows the one folder that is written to', () => {
    expect(of('HEALTHCHECK')[0]).to.match(/--interval=.*CMD \["bash", "-c", ".*GET \/health /);
    expect(of('VOLUME')).to.deep.equal(['/var/lib/gateway']);
    expect(of('ENV')[0]).to.match(/HOST=0\.0\.0\.0/).and.match(/TELEMETRY_DIR=\/var\/lib\/gateway/);
  });
});
