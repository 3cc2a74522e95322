import { expect } from 'chai';
import { holdsValue, memberPattern } from '../../../src/wire/byte-search.js';

const holds = (json: string): boolean => holdsValue(Buffer.from(json), memberPattern('usage'));

describe('search for a member before parsing', () => {
  it('finds a member with a value, whatever white space there is', () => {
    for (const json of ['{"usage":{}}', '{"usage" : \n 1}', '{"a":{"usage":"n"}}', '{"usage":null,"x":{"usage":[]}}']) expect(holds(json), json).to.equal(true);
  });

  it('looks for several names at once', () => {
    const news = memberPattern('usage', 'error', 'a-b');
    for (const json of ['{"usage":null,"error":1}', '{"a-b":0}']) expect(holdsValue(Buffer.from(json), news), json).to.equal(true);
    expect(holdsValue(Buffer.from('{"usage":null,"error":null,"axb":1}'), news)).to.equal(false);
  });

  it('passes over null, other names and what strings say', () => {
    for (const json of ['{"usage":null}', '{"usage" :\tnull}', '{"usages":1}', '{"x":"the \\"usage\\": {}"}', '']) expect(holds(json), json).to.equal(false);
  });
});
