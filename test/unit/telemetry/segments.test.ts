import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareSegments, listSegments, parseSegmentName, segmentName, segmentSize, type Segment } from '../../../src/telemetry/segments.js';
import { testFolder } from './folder.js';

describe('names of segments', () => {
  const folder = testFolder();
  it('are read as they are written, beyond eight digits too', () => {
    for (const sequence of [1, 99_999_999, 123_456_789]) {
      const name = segmentName(sequence, '42-abc123');
      expect(parseSegmentName(name)).to.deep.equal({ name, sequence, writer: '42-abc123' });
    }
  });
  for (const name of ['lock', 'x.ndjson', '1-2-a.ndjson', '00000001-2-a.ndjson.tmp', '00000001-x-a.ndjson', '00000001-2-A.ndjson', '../00000001-2-a.ndjson', '']) {
    it(`"${name}" is none`, () => expect(parseSegmentName(name)).to.equal(undefined));
  }
  it('are ordered by sequence as a number, then by writer', async () => {
    const names = ['100000000-1-a.ndjson', '00000002-9-b.ndjson', '00000010-1-a.ndjson', '00000002-10-a.ndjson', 'lock'];
    for (const name of names) await writeFile(join(folder.path, name), 'abc');
    const listed = await listSegments(folder.path);
    expect(listed.map(({ name }) => name)).to.deep.equal(['00000002-10-a.ndjson', '00000002-9-b.ndjson', '00000010-1-a.ndjson', '100000000-1-a.ndjson']);
    expect(compareSegments(listed[0] as Segment, listed[0] as Segment)).to.equal(0);
    expect(await segmentSize(folder.path, listed[0] as Segment)).to.equal(3);
    expect(await segmentSize(folder.path, { name: '00000009-1-a.ndjson', sequence: 9, writer: '1-a' })).to.equal(undefined);
  });
  it('of a folder that is not there are none', async () => expect(await listSegments(join(folder.path, 'nope'))).to.deep.equal([]));
});
