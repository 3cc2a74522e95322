import { expect } from 'chai';
import { atMostEvery, connectionsFor, parseOpenFileLimit } from '../../../src/server/open-files.js';

describe('the limit of open files', () => {
  it('is read from what Linux says of the process', () => {
    const text = 'Limit                     Soft Limit           Hard Limit           Units     \n'
      + 'Max processes             7823                 7823                 processes \n'
      + 'Max open files            1024                 524288               files     \n';
    expect(parseOpenFileLimit(text)).to.equal(1024);
    expect(parseOpenFileLimit('Max open files            unlimited            unlimited            files')).to.equal(undefined);
    expect(parseOpenFileLimit('')).to.equal(undefined);
  });
  for (const [files, connections] of [[1024, 462], [100, 16], [10, 16], [1_048_576, 10_000], [undefined, 10_000]] as const) {
    it(`of ${files} allows ${connections} connections to providers`, () => { expect(connectionsFor(files)).to.equal(connections); });
  }
  it('is told of once in a period', () => {
    const told: string[] = [];
    const tell = atMostEvery(60_000, (what: string) => { told.push(what); });
    for (const what of ['a', 'b', 'c']) tell(what);
    expect(told).to.deep.equal(['a']);
    const always = atMostEvery(0, (what: string) => { told.push(what); });
    for (const what of ['d', 'e']) always(what);
    expect(told).to.deep.equal(['a', 'd', 'e']);
  });
});
