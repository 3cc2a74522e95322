import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { POSIX } from '../../support/posix.js';

const MODULE = new URL('../../../src/server/signals.ts', import.meta.url).href;
const script = (terminal: boolean): string => `const { onSignals } = await import(${JSON.stringify(MODULE)});
const off = onSignals({
  drain: () => { console.log('drain'); }, reload: () => { console.log('reload'); }, replace: () => { console.log('replace'); },
  exitNow: (code) => { console.log('exit ' + code); process.exit(code); },
}, ${terminal});
process.on('SIGWINCH', () => { console.log('echo'); });
process.on('SIGPIPE', () => { off(); console.log('off'); });
const timer = setInterval(() => {}, 1e6);
console.log('ready');`;

if (POSIX) describe('signals', () => {
  let child: ChildProcess | undefined;
  afterEach(() => { child?.kill('SIGKILL'); });

  /** A process that reacts to signals, and what it has said so far. */
  async function start(terminal = false): Promise<{
    send: (signal: NodeJS.Signals) => void; said: string[]; until: (word: string, times?: number) => Promise<void>;
    ended: Promise<[number | null, NodeJS.Signals | null]>;
  }> {
    const said: string[] = [];
    const started = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script(terminal)], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    started.stdout.on('data', (part: Buffer) => { said.push(...part.toString().trim().split('\n')); });
    const until = async (word: string, times = 1): Promise<void> => {
      while (said.filter((each) => each === word).length < times) await new Promise((resolve) => { setTimeout(resolve, 5); });
    };
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => { started.once('exit', (code, signal) => { resolve([code, signal]); }); });
    await until('ready');
    return { send: (signal) => { started.kill(signal); }, said, until, ended };
  }
  const wait = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

  for (const [signal, code] of [['SIGTERM', 143], ['SIGINT', 130]] as const) {
    it(`${signal}: the first drains, one within a second is the same, a later one ends at once with ${code}`, async () => {
      const { send, said, until, ended } = await start();
      send(signal);
      await until('drain');
      send(signal);
      send('SIGINT');
      await wait(300);
      expect(said).to.deep.equal(['ready', 'drain']);
      await wait(1_000);
      send(signal);
      expect(await ended).to.deep.equal([code, null]);
      expect(said).to.deep.equal(['ready', 'drain', `exit ${code}`]);
    });
  }

  it('SIGHUP reloads as often as it comes, SIGUSR2 replaces; neither does anything to a process that drains', async () => {
    const { send, said, until } = await start();
    send('SIGHUP');
    await until('reload');
    send('SIGHUP');
    await until('reload', 2);
    send('SIGUSR2');
    await until('replace');
    send('SIGTERM');
    await until('drain');
    send('SIGHUP');
    send('SIGUSR2');
    send('SIGWINCH');
    await until('echo');
    expect(said).to.deep.equal(['ready', 'reload', 'reload', 'replace', 'drain', 'echo']);
  });

  it('SIGHUP drains where a terminal was attached, and does not count as the first of two stop signals', async () => {
    const { send, said, until, ended } = await start(true);
    send('SIGHUP');
    await until('drain');
    await wait(1_100);
    send('SIGHUP');
    send('SIGTERM');
    send('SIGWINCH');
    await until('echo');
    expect(said).to.deep.equal(['ready', 'drain', 'echo']);
    await wait(1_100);
    send('SIGTERM');
    expect(await ended).to.deep.equal([143, null]);
  });

  it('are left to the system once nobody asks for them', async () => {
    const { send, until, ended } = await start();
    send('SIGPIPE');
    await until('off');
    send('SIGTERM');
    expect(await ended).to.deep.equal([null, 'SIGTERM']);
  });
});
