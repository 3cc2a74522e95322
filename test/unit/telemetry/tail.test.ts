import { appendFile, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { emptyCursor, type Cursor } from '../../../src/telemetry/cursor.js';
import { Settlement } from '../../../src/telemetry/settlement.js';
import { Tail } from '../../../src/telemetry/tail.js';

const target = { clusterUuid: 'u', index: 'i', layout: 'daily' };
const A1 = '00000001-11-a.ndjson';
const A2 = '00000003-11-a.ndjson';
const B1 = '00000002-22-b.ndjson';

describe('tail', () => {
  let dir: string;
  let settlement: Settlement;
  const gone = new Set<string>();
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gateway-tail-'));
    settlement = new Settlement();
    gone.clear();
  });
  afterEach(() => rm(dir, { recursive: true }));

  const open = (cursor: Partial<Cursor> = {}): Tail => new Tail({ dir, cursor: { ...emptyCursor(target), ...cursor }, settlement, writerIsGone: (writer) => gone.has(writer) });
  const put = (name: string, text: string): Promise<void> => writeFile(join(dir, name), text);
  /** Everything that can be read now; all of it settled at once. */
  const drain = async (tail: Tail): Promise<string> => {
    await tail.scan();
    let text = '';
    for (let chunk = await tail.next(); chunk !== undefined; chunk = await tail.next()) {
      text += chunk.bytes.toString();
      settlement.skip(chunk.segment, chunk.end);
    }
    return text;
  };

  it('reads segments in log order and follows those that grow', async () => {
    await put(B1, 'b1\n');
    await put(A1, 'a1\na2\n');
    const tail = open();
    expect(await drain(tail)).to.equal('a1\na2\nb1\n');
    await appendFile(join(dir, A1), 'a3\nhal');
    expect(await drain(tail)).to.equal('a3\n');
    await appendFile(join(dir, A1), 'f\n');
    expect(await drain(tail)).to.equal('half\n');
    expect(await drain(tail)).to.equal('');
    expect([...tail.progress().done]).to.deep.equal([]);
    await tail.close();
  });

  it('ends a segment when its writer has a newer one, or is gone', async () => {
    await put(A1, 'a1\n');
    await put(B1, 'b1\n');
    const tail = open();
    await drain(tail);
    await put(A2, 'a2\n');
    expect(await drain(tail)).to.equal('a2\n');
    expect([...tail.progress().done]).to.deep.equal([A1]);
    gone.add('22-b');
    await drain(tail);
    expect([...tail.progress().done]).to.have.members([A1, B1]);
    expect([...tail.progress().open]).to.deep.equal([[A2, 3]]);
    await tail.close();
  });

  it('reads what was appended between the look at the folder and the end', async () => {
    await put(A1, 'a1\n');
    const tail = open();
    await drain(tail);
    await appendFile(join(dir, A1), 'a2\n');
    gone.add('11-a');
    expect(await drain(tail)).to.equal('a2\n');
    expect(tail.progress().done.has(A1)).to.equal(true);
    await tail.close();
  });

  it('counts half a line only where nobody will end it', async () => {
    await put(A1, 'a1\nhal');
    const tail = open();
    expect(await drain(tail)).to.equal('a1\n');
    expect(tail.tornTails).to.equal(0);
    gone.add('11-a');
    expect(await drain(tail)).to.equal('');
    expect(tail.tornTails).to.equal(1);
    expect(tail.progress().done.has(A1)).to.equal(true);
    expect(tail.backlog().bytes).to.equal(0);
    await tail.close();
  });

  it('starts where the cursor stands', async () => {
    await put(A1, 'a1\n');
    await put(B1, 'b1\nb2\n');
    const tail = open({ done: new Set([A1]), open: new Map([[B1, 3]]) });
    await tail.scan();
    expect(tail.backlog()).to.deep.equal({ bytes: 3, first: { segment: B1, offset: 3 } });
    expect(await drain(tail)).to.equal('b2\n');
    await tail.close();
  });

  it('takes a segment of an old name for new: names decide, not sequences', async () => {
    const tail = open({ done: new Set([A2]) });
    await put(A1, 'a1\n');
    expect(await drain(tail)).to.equal('a1\n');
    await tail.close();
  });

  it('goes on when retention has removed a segment', async () => {
    await put(A1, 'a1\n');
    await put(B1, 'b1\n');
    const tail = open();
    await tail.scan();
    await unlink(join(dir, A1));
    expect(await drain(tail)).to.equal('b1\n');
    expect(tail.vanished).to.equal(1);
    expect([...tail.progress().done]).to.deep.equal([]);
    await tail.close();
  });

  it('hands out bytes without a line in pieces', async () => {
    await put(A1, `${'x'.repeat(2_500_000)}\na1\n`);
    const tail = open();
    await tail.scan();
    const first = await tail.next();
    expect(first?.bytes.length).to.equal(0);
    expect((first?.end ?? 0)).to.equal(1024 * 1024);
    await tail.close();
  });
});
