import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { countDeadLetters, deadLetterFiles, DeadLetters, parseDeadLetter, type DeadLetter } from '../../../src/telemetry/dead-letters.js';

const letter = (n: number): DeadLetter => ({
  line: Buffer.from(`{"request_id":"01ARZ3NDEKTSV4RRFFQ69G5F${String(n).padStart(2, '0')}","timestamp":"2026-11-25T08:00:00.000Z","model":"é"}\n`),
  index: 'i', type: 'document_parsing_exception', reason: 'why',
});

describe('dead letters', () => {
  let dir: string;
  beforeEach(async () => { dir = await mkdtemp(join(tmpdir(), 'gateway-dead-')); });
  afterEach(() => rm(dir, { recursive: true }));

  const entries = async (): Promise<(string | undefined)[]> => {
    const texts = await Promise.all((await deadLetterFiles(dir)).map(({ path }) => readFile(path, 'utf8')));
    return texts.join('\n').split('\n').filter((line) => line !== '').map((line) => parseDeadLetter(line)?.line);
  };

  it('keeps line, type, reason and time', async () => {
    const letters = await DeadLetters.load({ dir, maxBytes: 1e6 });
    expect(await letters.add([letter(1), letter(2)], Date.parse('2026-11-25T09:00:00Z'))).to.equal(2);
    expect(await entries()).to.deep.equal([1, 2].map((n) => letter(n).line.toString().trimEnd()));
    const [file] = await deadLetterFiles(dir);
    const entry = parseDeadLetter((await readFile(file?.path ?? '', 'utf8')).split('\n')[0] ?? '');
    expect(entry).to.include({ type: 'document_parsing_exception', reason: 'why', index: 'i', time: '2026-11-25T09:00:00.000Z' });
  });

  it('counts a record that is refused again instead of writing it again, after a restart too', async () => {
    const letters = await DeadLetters.load({ dir, maxBytes: 1e6 });
    await letters.add([letter(1)]);
    expect(await letters.add([letter(1)])).to.equal(0);
    expect(letters.again).to.equal(1);
    const later = await DeadLetters.load({ dir, maxBytes: 1e6 });
    expect(await later.add([letter(1), letter(2)])).to.equal(1);
    expect(await countDeadLetters(dir)).to.equal(2);
  });

  it('stops at its limit and counts', async () => {
    const letters = await DeadLetters.load({ dir, maxBytes: 700 });
    await letters.add([1, 2, 3, 4, 5].map(letter));
    expect(letters.beyondLimit).to.be.greaterThan(0);
    expect(await countDeadLetters(dir) + letters.beyondLimit).to.equal(5);
  });

  it('begins another file when one is full, and after half a line', async () => {
    const letters = await DeadLetters.load({ dir, maxBytes: 1e6, maxFileBytes: 300 });
    for (let n = 1; n <= 4; n++) await letters.add([letter(n)]);
    const files = await deadLetterFiles(dir);
    expect(files.length).to.be.greaterThan(1);
    await appendFile(files.at(-1)?.path ?? '', '{"half');
    const later = await DeadLetters.load({ dir, maxBytes: 1e6 });
    await later.add([letter(9)]);
    expect((await deadLetterFiles(dir)).length).to.equal(files.length + 1);
    expect((await entries()).filter((line) => line !== undefined)).to.have.length(5);
  });
});
