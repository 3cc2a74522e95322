import { expect } from 'chai';
import { holdsValue, needle } from '../../../src/wire/byte-search.js';

const holds = (json: string): boolean => holdsValue(Buffer.from(json), needle('usage'));

describe('search for a member before parsing', () => {
  it('finds a member with a value, whatever white space there is', () => {
    for (const json of ['{"usage":{}}', '{"usage" : \n 1}', '{"a":{"usage":"n"}}', '{"usage":null,"x":{"usage":[]}}']) expect(holds(json), json).to.equal(true);
  });

  it('passes over null, other names and what strings say', () => {
    for (const json of ['{"usage":null}', '{"usage" :\tnull}', '{"usages":1}', '{"x":"the \\"usage\\": {}"}', '']) expect(holds(json), json).to.equal(false);
  });
});
