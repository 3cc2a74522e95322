import { expect } from 'chai';
import fc from 'fast-check';
import { applySplice, readBodyFacts } from '../../../src/wire/body-facts.js';

const facts = (json: string): ReturnType<typeof readBodyFacts> => readBodyFacts(Buffer.from(json));

/** The body after the splice; undefined where there is none to make. */
function spliced(json: string): string | undefined {
  const body = Buffer.from(json);
  const { usageSplice } = readBodyFacts(body);
  return usageSplice === undefined ? undefined : applySplice(body, usageSplice).toString('utf8');
}

describe('model and stream of a request body', () => {
  it('come from the top level only', () => {
    expect(facts('{"messages":[{"model":"inner","stream":true}],"model":"outer","stream":false}'))
      .to.deep.equal({ isObject: true, model: 'outer', stream: false });
    expect(facts('{"metadata":{"model":"inner"}}')).to.deep.equal({ isObject: true });
  });

  it('may come last, after a prompt of a megabyte full of quotes and backslashes', () => {
    const prompt = 'He said: "a\\b" \u{1f30d} {"model":"no"} \n'.repeat(30_000);
    expect(facts(JSON.stringify({ messages: [{ content: prompt }], model: 'm' })).model).to.equal('m');
  });

  it('are read through escapes, in keys and in values', () => {
    expect(facts(String.raw`{"m\u006fdel":"gpt\u002d4\"\\","\u0073tream":true}`)).to.deep.include({ model: 'gpt-4"\\', stream: true });
    expect(facts('{"model":"modèle-日本"}').model).to.equal('modèle-日本');
  });

  it('of duplicates the last counts, as JSON.parse has it', () => {
    expect(facts('{"model":"a","stream":true,"model":"b","stream":false}')).to.deep.include({ model: 'b', stream: false });
    expect(facts('{"model":"a","model":1}').model).to.equal(undefined);
  });

  it('are absent where the types are wrong', () => {
    expect(facts('{"model":{"name":"x"},"stream":"true"}')).to.deep.equal({ isObject: true });
    expect(facts('{"model":null,"stream":1}')).to.deep.equal({ isObject: true });
  });

  it('white space and a byte order mark do not matter', () => {
    expect(facts(' \r\n\t{ "model" \n: "m" , "stream"\t:\ttrue } \n')).to.deep.include({ model: 'm', stream: true });
    expect(facts('\ufeff{"model":"m"}').model).to.equal('m');
  });

  it('nothing is an object but an object', () => {
    for (const json of ['', ' ', '[]', '[{"model":"m"}]', '"model"', 'null', '12', 'model=x']) {
      expect(facts(json), json).to.deep.equal({ isObject: false });
    }
    expect(facts('{}')).to.deep.equal({ isObject: true });
  });

  it('nesting a hundred thousand levels deep overflows nothing', () => {
    const deep = '[{"a":'.repeat(100_000) + '1' + '}]'.repeat(100_000);
    expect(facts(`{"x":${deep},"model":"m","stream":true}`)).to.deep.include({ model: 'm', stream: true });
  });

  it('bodies that are made to be slow come to their end all the same', () => {
    // Quadratic work on these would run into the test's time limit.
    for (const json of [`{"x":${'[1,'.repeat(300_000)}`, `{"x":${'[1,"a"'.repeat(150_000)}]`, `{"x":"${'\\'.repeat(1_000_000)}`]) {
      expect(facts(json)).to.deep.equal({ isObject: true });
    }
  });
});

describe('the splice of stream_options.include_usage', () => {
  const cases: [string, string, string | undefined][] = [
    ['absent', '{"model":"m","stream":true}', '{"stream_options":{"include_usage":true},"model":"m","stream":true}'],
    ['null', '{"stream":true,"stream_options":null}', '{"stream":true,"stream_options":{"include_usage":true}}'],
    ['empty', '{"stream":true,"stream_options":{ }}', '{"stream":true,"stream_options":{"include_usage":true }}'],
    ['other keys', '{"stream":true,"stream_options":{"x":1}}', '{"stream":true,"stream_options":{"include_usage":true,"x":1}}'],
    ['false', '{"stream":true,"stream_options":{"include_usage": false}}', '{"stream":true,"stream_options":{"include_usage": true}}'],
    ['null within', '{"stream":true,"stream_options":{"include_usage":null,"y":[]}}', '{"stream":true,"stream_options":{"include_usage":true,"y":[]}}'],
    ['asked already', '{"stream":true,"stream_options":{"include_usage":true}}', undefined],
    ['asked in the last of two', '{"stream":true,"stream_options":{},"stream_options":{"include_usage":true}}', undefined],
    ['not asked in the last of two', '{"stream":true,"stream_options":{"include_usage":true},"stream_options":{}}',
      '{"stream":true,"stream_options":{"include_usage":true},"stream_options":{"include_usage":true}}'],
    ['refused in the last of two keys', '{"stream":true,"stream_options":{"include_usage":true,"include_usage":false}}',
      '{"stream":true,"stream_options":{"include_usage":true,"include_usage":true}}'],
    ['no object', '{"stream":true,"stream_options":"yes"}', undefined],
    ['no boolean', '{"stream":true,"stream_options":{"include_usage":"yes"}}', undefined],
    ['no stream', '{"stream":false}', undefined],
    ['stream not at the top', '{"x":{"stream":true}}', undefined],
    ['stream not a boolean', '{"stream":1}', undefined],
    ['stream last false', '{"stream":true,"stream":false}', undefined],
    ['a big seed and odd numbers stay', '{"seed":12345678901234567890,"t":1.0e+0,"stream":true}',
      '{"stream_options":{"include_usage":true},"seed":12345678901234567890,"t":1.0e+0,"stream":true}'],
  ];
  for (const [name, before, after] of cases) {
    it(name, () => { expect(spliced(before)).to.equal(after); });
  }

  it('is not made in malformed bodies, of which the rest is still read', () => {
    const broken = ['{"model":"m","stream":true', '{"model":"m","stream":true,}', '{"model":"m","stream":true} x', '{"model":"m","stream":true "a":1}',
      '{"model":"m","stream":true,"a":[}]}', '{"model":"m","stream":true,"a":nul}', '{"model":"m","stream":true,"a":"\\"}'];
    for (const json of broken) {
      expect(facts(json), json).to.deep.include({ isObject: true, model: 'm', stream: true });
      expect(spliced(json), json).to.equal(undefined);
    }
  });

  it('changes nothing else, whatever the body holds', () => {
    const keys = fc.oneof(fc.constantFrom('model', 'stream', 'stream_options', 'messages', 'include_usage', 'a"b', 'é'), fc.string());
    const entries = fc.array(fc.tuple(keys, fc.oneof(fc.jsonValue(), fc.constant(true), fc.record({ include_usage: fc.constantFrom(false, null, true, 0) }))));
    const spaces = fc.constantFrom('', ' ', '\n\t');
    fc.assert(fc.property(entries, spaces, (members, space) => {
      const json = `{${space}${members.map(([key, value]) =>
        `${JSON.stringify(key)}${space}:${JSON.stringify(value, null, space)}`).join(`${space},`)}${space}}`;
      const parsed = JSON.parse(json) as Record<string, unknown>;
      const read = facts(json);
      expect(read.isObject).to.equal(true);
      expect(read.model).to.equal(typeof parsed.model === 'string' ? parsed.model : undefined);
      expect(read.stream).to.equal(typeof parsed.stream === 'boolean' ? parsed.stream : undefined);
      const after = spliced(json);
      if (after === undefined) return;
      const { stream_options: asked, ...rest } = JSON.parse(after) as Record<string, unknown>;
      const { stream_options: given, ...others } = parsed;
      expect(parsed.stream).to.equal(true);
      expect(rest).to.deep.equal(others);
      expect(asked).to.deep.equal({ ...(given as object | null), include_usage: true });
    }), { numRuns: 1000 });
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readBodyFacts(Buffer.from(bytes));
      readBodyFacts(Buffer.concat([Buffer.from('{"stream":true,'), Buffer.from(bytes)]));
    }), { numRuns: 2000 });
  });
});

describe('a request body that is made to be slow', () => {
  const many = (unit: string, bytes = 24 * 1024 * 1024): string => unit.repeat(Math.ceil(bytes / unit.length));
  const bodies: readonly (readonly [string, () => string])[] = [
    ['of small members', () => `{"model":"m","stream":true,${many('"":1,')}"z":1}`],
    ['of members with escaped names', () => `{"model":"m","stream":true,${many('"\\u0061":1,')}"z":1}`],
    ['of small objects', () => `{"model":"m","stream":true,${many('"a":{"b":1},')}"z":1}`],
    ['of small strings', () => `{"model":"m","stream":true,"a":[${many('"",')}""]}`],
    ['of escaped quotes', () => `{"model":"m","stream":true,"a":"${many('\\"')}"}`],
    ['of backslashes', () => `{"model":"m","stream":true,"a":"${many('\\\\')}"}`],
    ['of white space', () => `{"model":"m","stream":true,${many(' ')}"a":1}`],
    ['with small members in stream_options', () => `{"model":"m","stream":true,"stream_options":{${many('"":1,')}"a":1}}`],
    ['of nested objects', () => `{"model":"m","stream":true,"a":${many('{"a":')}1${many('}', 24 * 1024 * 1024 / 5)}}`],
    ['of one number', () => `{"model":"m","stream":true,"a":${many('1')}}`],
  ];
  for (const [what, body] of bodies) {
    it(`${what} is not read to its end: what was seen is known, and the body stays as it is`, () => {
      const facts = readBodyFacts(Buffer.from(body()));
      expect(facts).to.include({ model: 'm', stream: true }).and.not.have.property('usageSplice');
    });
  }
  it('of a name or a model of megabytes is read without them, or with the begin of the model', () => {
    expect(readBodyFacts(Buffer.from(`{"${many('k')}":1,"model":"m"}`))).to.deep.equal({ isObject: true, model: 'm' });
    expect(readBodyFacts(Buffer.from(`{"model":"${many('m')}"}`)).model).to.match(/^m{8000,8192}$/);
    expect(readBodyFacts(Buffer.from(`{"model":"${many('\\\\m')}"}`))).to.deep.equal({ isObject: true });
  });
  it('is not what long prompts, images and vectors are', () => {
    const long = `{"messages":[{"content":"${many('some text with \\"quotes\\" and\\n', 6 * 1024 * 1024)}"}],"data":"${many('A')}","input":[${many('0.123456,')}1],"stream":true,"model":"m"}`;
    expect(readBodyFacts(Buffer.from(long))).to.have.property('usageSplice');
  });
});
