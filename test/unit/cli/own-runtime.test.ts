import { expect } from 'chai';
import { ownRuntime, type ProcessFacts } from '../../../src/cli/own-runtime.js';

const SERVE: ProcessFacts = {
  argv: ['/opt/node', '/opt/gateway/bin/run.js', 'serve', '--port', '3000'],
  argv0: 'node', execArgv: [], env: { PATH: '/bin' }, execPath: '/opt/node', version: '24.21.0', hasChannel: false,
};

describe('the runtime of gateway serve', () => {
  it('is the same program with the same arguments, and sizes of memory before them', () => {
    const next = ownRuntime(SERVE);
    expect(next?.file).to.equal('/opt/node');
    expect(next?.args).to.deep.equal([
      'node', '--min-semi-space-size=4', '--max-semi-space-size=4', '--heap-growing-percent=20', '--expose-gc', '--no-parallel-scavenge', '--concurrent-marking-max-worker-num=1',
      '--concurrent-turbofan-max-threads=1', '--incremental-marking-soft-trigger=50', '--incremental-marking-hard-trigger=75', '--no-allocation-site-pretenuring', '--no-memory-reducer', '--no-maglev',
      '/opt/gateway/bin/run.js', 'serve', '--port', '3000',
    ]);
    expect(next?.env).to.deep.equal({ PATH: '/bin', MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '1048576', MALLOC_TRIM_THRESHOLD_: '8388608' });
  });

  it('keeps what Node was told, and an environment that says otherwise', () => {
    const next = ownRuntime({ ...SERVE, execArgv: ['--max-old-space-size=300'], env: { MALLOC_ARENA_MAX: '4', MALLOC_TRIM_THRESHOLD_: '1' } });
    expect(next?.args.slice(0, 2)).to.deep.equal(['node', '--max-old-space-size=300']);
    expect(next?.env).to.deep.equal({ MALLOC_ARENA_MAX: '4', MALLOC_MMAP_THRESHOLD_: '1048576', MALLOC_TRIM_THRESHOLD_: '1' });
  });

  it('is left as it is for every other command', () => {
    for (const command of ['metrics', 'es', '--help', undefined]) {
      expect(ownRuntime({ ...SERVE, argv: ['/opt/node', '/opt/gateway/bin/run.js', ...(command === undefined ? [] : [command, 'serve'])] })).to.equal(undefined);
    }
  });

  it('is not taken twice, nor where somebody has chosen sizes', () => {
    expect(ownRuntime({ ...SERVE, execArgv: ownRuntime(SERVE)?.args.slice(1, -4) ?? [] })).to.equal(undefined);
    expect(ownRuntime({ ...SERVE, execArgv: ['--max-semi-space-size=64'] })).to.equal(undefined);
    expect(ownRuntime({ ...SERVE, env: { NODE_OPTIONS: '--trace-warnings --max_semi_space_size=64' } })).to.equal(undefined);
  });

  it('is not taken on a Node on which its options were never tried: one that does not know them would not start', () => {
    for (const [version, taken] of [['22.19.0', true], ['24.1.0', true], ['25.0.0', true], ['2.5.0', false], ['26.10.0', true], ['27.0.0', false], ['99.1.2', false]] as const) {
      expect(ownRuntime({ ...SERVE, version }) !== undefined, version).to.equal(taken);
    }
  });

  it('is not taken where it is turned off, nor where the system might refuse the environment', () => {
    expect(ownRuntime({ ...SERVE, env: { GATEWAY_TUNE_RUNTIME: 'false' } })).to.equal(undefined);
    expect(ownRuntime({ ...SERVE, env: { GATEWAY_TUNE_RUNTIME: 'true' } })).not.to.equal(undefined);
    expect(ownRuntime({ ...SERVE, env: { LARGE: 'x'.repeat(64 * 1024) } })).not.to.equal(undefined);
    expect(ownRuntime({ ...SERVE, env: { LARGE: 'x'.repeat(100 * 1024) } })).to.equal(undefined);
    expect(ownRuntime({ ...SERVE, env: Object.fromEntries(Array.from({ length: 8_000 }, (_, i) => [`V${String(i)}`, 'x'])) })).to.equal(undefined);
  });

  it('is not taken where the parent talks to the process', () => {
    expect(ownRuntime({ ...SERVE, hasChannel: true })).to.equal(undefined);
  });
});
