import { fork } from 'node:child_process';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { parseDeadLetter } from '../../../src/telemetry/dead-letters.js';
import { segmentName } from '../../../src/telemetry/segments.js';
import { writerRole } from '../../../src/elastic/roles.js';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { Admin } from '../elastic/cluster.js';
import { exchangeOf, ExportHarness, sleep } from './harness.js';

describe('export through deaths', () => {
  let harness: ExportHarness;

  beforeEach(async () => { harness = await ExportHarness.make(); });
  afterEach(() => harness.dispose());

  const all = async (): Promise<void> => { expect(await harness.ids()).to.deep.equal([...harness.written].sort()); };

  it('starts the thread again from its cursor when it dies', async () => {
    const started = await harness.start();
    for (let death = 0; death < 4; death++) {
      await harness.write(400);
      await sleep(death * 60);
      await started.supervisor.worker?.terminate();
      await harness.write(100);
    }
    await harness.drained();
    expect(started.supervisor.restarts).to.be.at.least(1);
    await all();
  });

  it('finds the one record that kills the thread, and sets it aside', async () => {
    await harness.write(40);
    const [poisoned] = await harness.write(1, { model: 'POISON' });
    await harness.write(40);
    harness.written.splice(harness.written.indexOf(poisoned ?? ''), 1);
    const started = await harness.start({ execArgv: ['--import', pathToFileURL(join(import.meta.dirname, 'poison.mjs')).href] });
    const { counters } = await harness.drained();
    expect(counters.deadLetters).to.equal(1);
    expect(started.supervisor.restarts).to.be.greaterThan(2);
    const [file = ''] = await readdir(join(harness.dir, 'dead-letters'));
    const entry = parseDeadLetter((await readFile(join(harness.dir, 'dead-letters', file), 'utf8')).trim());
    expect(entry).to.include({ request_id: poisoned, type: 'exporter_died' });
    await all();
  });

  it('ignores and counts half a line at the end of a dead writer\'s segment', async () => {
    const lines = [1, 2, 3].map(() => exchangeOf()).map((exchange) => {
      harness.written.push(exchange.requestId);
      return recordLine(exchange, { instance: 'test', version: '0.0.0' });
    });
    const torn = recordLine(exchangeOf(), { instance: 'test', version: '0.0.0' }).slice(0, 150);
    await writeFile(join(harness.dir, segmentName(1, '999999999-dead')), lines.join('') + torn);
    await harness.write(5);
    await harness.start();
    const { counters } = await harness.drained();
    expect(counters).to.include({ tornTails: 1, brokenLines: 0, exported: 8 });
    await all();
  });

  it('skips and counts what a power cut left in the middle', async () => {
    const good = recordLine(exchangeOf({ requestId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }), { instance: 'test', version: '0.0.0' });
    harness.written.push('01ARZ3NDEKTSV4RRFFQ69G5FAV');
    await writeFile(join(harness.dir, segmentName(1, '999999999-dead')), Buffer.concat([Buffer.alloc(3_000_000), Buffer.from('\n'), Buffer.from(good), Buffer.from('{"request_id":"short"}\n')]));
    await harness.start();
    const { counters } = await harness.drained();
    expect(counters.brokenLines).to.be.greaterThan(1);
    await all();
  });

  it('loses nothing to kill -9 of whole processes', async () => {
    const ids: string[] = [];
    for (let round = 0; round < 3; round++) {
      const child = fork(join(import.meta.dirname, 'writing-process.ts'), [], {
        execArgv: ['--import=tsx'],
        env: { ...process.env, EXPORT_TEST: JSON.stringify({ dir: harness.dir, elasticsearch: harness.elasticsearch }) },
      });
      await new Promise<void>((resolve) => {
        child.on('message', (message: string[]) => {
          ids.push(...message);
          // Somewhere in the middle of writing, sending and answers.
          if (ids.length > (round + 1) * 1_500) child.kill('SIGKILL');
        });
        child.on('exit', () => { resolve(); });
      });
    }
    harness.written.push(...ids);
    await harness.start();
    await harness.drained();
    const there = await harness.ids();
    expect(new Set(there).size).to.equal(there.length);
    // What was written and not told before the kill may be there as well.
    expect(harness.written.filter((id) => !there.includes(id))).to.deep.equal([]);
  });

  it('waits where it has no privilege, and never makes an index', async () => {
    const admin = new Admin();
    const name = `${harness.index}-writer`;
    const role = writerRole(harness.index);
    const user = await admin.user(name, role.cluster, role.indices);
    try {
      await harness.write(20);
      await harness.start({ config: user });
      const waiting = await harness.until('waiting', ({ state }) => state === 'waiting-for-template');
      expect(waiting.fix).to.match(/gateway es init/);
      await sleep(600);
      expect((await harness.ask('GET', `/${harness.index}*`)).body).to.deep.equal({});
      // The administrator runs what the message names.
      const init = await ExportHarness.make({ index: harness.index });
      await init.start();
      await init.until('made', ({ state }) => state === 'idle');
      await init.stop();
      await harness.drained();
      await all();
      await init.dispose();
    } finally {
      await admin.dropUser(name);
      await admin.elastic.close();
    }
  });

  it('begins at once over a backlog of ten gigabytes', async () => {
    // Files with holes: 64 MiB each to whoever reads them, next to nothing on the disk.
    for (let i = 1; i <= 160; i++) {
      const path = join(harness.dir, segmentName(i, '999999999-dead'));
      await writeFile(path, recordLine(exchangeOf(), { instance: 'test', version: '0.0.0' }));
      await truncate(path, 64 * 2 ** 20);
    }
    const read = async (): Promise<number> => Number(/^rchar: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
    const before = await read();
    const started = await harness.start();
    while (!started.logs.some(({ message }) => message.includes('new export target'))) await sleep(5);
    expect(await read() - before).to.be.below(1e9);
    expect(started.logs.find(({ message }) => message.includes('new export target'))?.fields['bytes']).to.be.greaterThan(10e9);
    await harness.stop(0);
  });

  it('starts over for another target, from the oldest record', async () => {
    await harness.write(30);
    await harness.start();
    await harness.drained();
    await harness.stop();
    const other = `${harness.index}-other`;
    const started = await harness.start({ config: { index: other } });
    await harness.until('all', ({ counters }) => counters.exported === 30);
    const told = started.logs.find(({ message }) => message.includes('new export target'));
    expect(told?.fields).to.include({ index: other, records_about: 30 });
    await harness.stop();
  });
});
