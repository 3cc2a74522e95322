import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { openLog } from '../../../src/telemetry/log.js';
import { testFolder } from './folder.js';

const MODULE = new URL('../../../src/telemetry/log.ts', import.meta.url).href;
const WRITE = `const { openLog } = await import(${JSON.stringify(MODULE)});
const log = await openLog({ dir: process.argv[1], fsync: process.argv[2], maxSegmentBytes: 20_000 });
for (let n = 0; ; n++) {
  await log.append(JSON.stringify({ n, pad: 'x'.repeat(200) }) + '\\n');
  if (n % 100 === 0) { process.stdout.write(n + '\\n'); await new Promise(setImmediate); }
}`;

describe('a log whose writer is killed', () => {
  const folder = testFolder();

  for (const fsync of ['never', 'interval', 'always'] as const) {
    it(`holds every line whose append had returned, whole and in order (fsync ${fsync})`, async () => {
      const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', WRITE, folder.path, fsync], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => { child.once('exit', resolve); });
      let said = -1;
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (part: Buffer) => {
          said = Number(part.toString().trim().split('\n').at(-1));
          if (said >= 300) resolve();
        });
      });
      child.kill('SIGKILL');
      await ended;
      const texts = await Promise.all((await folder.segments()).map((name) => folder.read(name)));
      // Only the very last segment may end in half a line.
      for (const text of texts.slice(0, -1)) expect(text.endsWith('\n')).to.equal(true);
      const numbers = texts.flatMap((text) => text.split('\n').slice(0, -1)).map((line) => (JSON.parse(line) as { n: number }).n);
      expect(numbers).to.deep.equal(Array.from({ length: numbers.length }, (_, n) => n));
      expect(numbers.length).to.be.above(said);
      const before = await folder.segments();
      const log = await openLog({ dir: folder.path, fsync: 'never' });
      void log.append('{"after":true}\n');
      await log.close();
      expect((await folder.segments()).slice(0, -1)).to.deep.equal(before); // a file of its own, behind all others
    });
  }
});
