import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';

const MODULE = new URL('../../../src/server/signals.ts', import.meta.url).href;
const SCRIPT = `const { onStopSignals } = await import(${JSON.stringify(MODULE)});
const off = onStopSignals(() => { console.log('drain'); }, (code) => { console.log('exit ' + code); process.exit(code); });
process.on('SIGUSR2', () => { off(); console.log('off'); });
const timer = setInterval(() => {}, 1e6);
console.log('ready');`;

describe('stop signals', () => {
  let child: ChildProcess | undefined;
  afterEach(() => { child?.kill('SIGKILL'); });

  /** A process that reacts to signals, and what it has said so far. */
  async function start(): Promise<{ send: (signal: NodeJS.Signals) => void; said: string[]; until: (word: string) => Promise<void>; ended: Promise<[number | null, NodeJS.Signals | null]> }> {
    const said: string[] = [];
    const started = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', SCRIPT], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    started.stdout.on('data', (part: Buffer) => { said.push(...part.toString().trim().split('\n')); });
    const until = async (word: string): Promise<void> => {
      while (!said.includes(word)) await new Promise((resolve) => { setTimeout(resolve, 5); });
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
  it('are left to the system once nobody asks for them', async () => {
    const { send, until, ended } = await start();
    send('SIGUSR2');
    await until('off');
    send('SIGTERM');
    expect(await ended).to.deep.equal([null, 'SIGTERM']);
  });
});
