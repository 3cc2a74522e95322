import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const ROOT = new URL('../../../', import.meta.url);
const lines = readFileSync(new URL('templates/docker/Dockerfile', ROOT), 'utf8').replace(/\\\n/g, ' ').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const instructions = lines.map((line) => ({ name: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
const of = (name: string): string[] => instructions.filter((each) => each.name === name).map((each) => each.rest);

/* Read, not built: no Docker engine was at hand. */
describe('the Dockerfile', () => {
  it('builds in one stage and ships another, on a Node that the package allows', () => {
    expect(of('FROM')).to.deep.equal(['node:${NODE_VERSION}-slim AS build', 'node:${NODE_VERSION}-slim']);
    const [, major] = /^NODE_VERSION=(\d+)$/.exec(of('ARG')[0] ?? '') ?? [];
    const { engines, devDependencies } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { engines: { node: string }; devDependencies: { node: string } };
    expect(devDependencies.node.split('.')[0]).to.equal(major);
    expect(Number(major)).to.be.at.least(Number(/\d+/.exec(engines.node)?.[0]));
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
    expect(of('HEALTHCHECK')[0]).to.match(/--interval=.*CMD \["node", "-e", "fetch\(.*\/health/);
    expect(of('VOLUME')).to.deep.equal(['/var/lib/gateway']);
    expect(of('ENV')[0]).to.match(/HOST=0\.0\.0\.0/).and.match(/TELEMETRY_DIR=\/var\/lib\/gateway/);
  });
});
