import { expect } from 'chai';
import fc from 'fast-check';
import type { IncomingMessage } from 'node:http';
import { BufferBudget, hasBody, isJsonType, PassingBody } from '../../../src/gateway/request-body.js';

describe('bodies of requests', () => {
  for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON', ' application/json ', 'application/vnd.api+json', 'application/json;x']) {
    it(`"${type}" is JSON`, () => expect(isJsonType(type)).to.equal(true));
  }
  for (const type of [undefined, '', 'text/plain', 'application/jsonx', 'application/x-ndjson', 'multipart/form-data; boundary=application/json', 'text/json, application/json']) {
    it(`"${type}" streams through`, () => expect(isJsonType(type)).to.equal(false));
  }
  for (const [headers, has] of [
    [{}, false], [{ 'content-length': '0' }, false], [{ 'content-length': '1' }, true], [{ 'transfer-encoding': 'chunked' }, true],
  ] as const) {
    it(`${JSON.stringify(headers)}: ${has ? 'a' : 'no'} body`, () => expect(hasBody({ headers } as unknown as IncomingMessage)).to.equal(has));
  }
  it('share a budget that is never exceeded, and whole again when all are gone', () => {
    fc.assert(fc.property(fc.array(fc.nat(700), { maxLength: 50 }), (sizes) => {
      const budget = new BufferBudget(1_000);
      let used = 0;
      const taken: number[] = [];
      for (const size of sizes) {
        const fits = used + size <= 1_000;
        expect(budget.fits(size)).to.equal(fits);
        expect(budget.take(size)).to.equal(fits);
        if (fits) { used += size; taken.push(size); }
        if (taken.length > 3) { const back = taken.shift() as number; budget.give(back); used -= back; }
      }
      for (const size of taken) budget.give(size);
      expect([budget.fits(1_000), budget.fits(1_001)]).to.deep.equal([true, false]);
    }));
  });
  it('of forms name their model wherever they are cut', () => {
    const form = Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="model"\r\n\r\nname="x"\r\n--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-é\r\n--b--\r\n');
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: form.length - 1 }), { maxLength: 20 }), (cuts) => {
      const body = new PassingBody('multipart/form-data; boundary=b');
      body.resume();
      let from = 0;
      for (const to of [...cuts.sort((a, b) => a - b), form.length]) {
        body.write(form.subarray(from, to));
        from = to;
      }
      expect([body.model, body.received]).to.deep.equal(['whisper-é', form.length]);
    }));
  });
  it('that are no forms name none', () => {
    const body = new PassingBody('audio/wav');
    body.write('name="model"\r\n\r\nx\r\n');
    expect(body.model).to.equal(undefined);
  });
});
