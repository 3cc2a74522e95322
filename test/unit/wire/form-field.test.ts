import { expect } from 'chai';
import fc from 'fast-check';
import { FormField, formBoundary } from '../../../src/wire/form-field.js';

const FILE = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg\r\n\r\n';
const part = (disposition: string, value: string): string => `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
const MODEL = part('name="model"', 'whisper-1');
const END = '--b--\r\n';

function read(form: Buffer, cuts: readonly number[] = []): string | undefined {
  const field = new FormField('model', 'b');
  let from = 0;
  for (const to of [...cuts, form.length]) {
    field.push(form.subarray(from, to));
    from = to;
  }
  return field.value;
}

describe('the field of a form', () => {
  const forms: readonly (readonly [string, string, string | undefined])[] = [
    ['at the begin', MODEL + FILE + 'x\r\n' + END, 'whisper-1'],
    ['behind a file', FILE + 'x'.repeat(200) + '\r\n' + MODEL + END, 'whisper-1'],
    ['between two', FILE + 'x\r\n' + MODEL + FILE + 'y\r\n' + END, 'whisper-1'],
    ['with a name that is not quoted', part('name=model', 'm') + END, 'm'],
    ['with a name that is escaped', part('name="mo\\del"', 'm') + END, 'm'],
    ['with its parameters in another order', '--b\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION:form-data;x="a;b" ; NAME = "model"\r\n\r\nm\r\n' + END, 'm'],
    ['in UTF-8', part('name="model"', 'modäl') + END, 'modäl'],
    ['twice: the last counts', part('name="model"', 'one') + part('name="model"', 'two') + END, 'two'],
    ['behind a preamble', 'To whom it may concern\r\n\r\n' + MODEL + END, 'whisper-1'],
    ['behind an empty part', part('name="a"', '') + MODEL + END, 'whisper-1'],
    ['behind a part without headers', '--b\r\n\r\nx\r\n' + MODEL + END, 'whisper-1'],
    ['behind a part without a body line', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + MODEL + END, 'whisper-1'],
    ['behind blanks at the boundary', `--b \t\r\n${MODEL.slice(5)}${END}`, 'whisper-1'],
    ['in a form whose lines end in LF', (FILE + 'x\r\n' + MODEL + END).replaceAll('\r\n', '\n'), 'whisper-1'],
    ['behind content that looks like a boundary', FILE + 'x\r\n--bc\r\n--b x\r\n--\r\n' + MODEL + END, 'whisper-1'],
    ['behind content that looks like a field', FILE + MODEL.slice(5) + MODEL.replace('whisper-1', 'real') + END, 'real'],
    ['in a nested form: that is not the form\'s own', '--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n' + MODEL.replace('--b', '--bb') + '--bb--\r\n' + END, undefined],
    ['as a file', part('name="model"; filename="m.txt"', 'm') + END, undefined],
    ['as the name of a file', part('name="file"; filename="model"', 'm') + END, undefined],
    ['within the name of a file', part('filename="x; name=model"; name="file"', 'm') + END, undefined],
    ['of which the name is a part', part('name="model_id"', 'm') + part('name="xmodel"', 'm') + END, undefined],
    ['that is empty', part('name="model"', '') + END, undefined],
    ['of more than one line', part('name="model"', 'a\r\nb') + END, undefined],
    ['that is too long', part('name="model"', 'm'.repeat(5_000)) + END, undefined],
    ['with headers that are too long', `--b\r\nx-a: ${'y'.repeat(9_000)}\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n` + END, undefined],
    ['that is not whole yet', '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhis', undefined],
    ['behind the end', FILE + 'x\r\n' + END + MODEL, undefined],
    ['nowhere', FILE + 'x\r\n' + END, undefined],
  ];
  for (const [what, text, value] of forms) {
    const form = Buffer.from(text);
    it(`${what}: ${value ?? 'none'}, wherever it is cut`, () => {
      expect(read(form)).to.equal(value);
      const step = Math.ceil(form.length / 500);
      for (let cut = 1; cut < form.length; cut += step) expect(read(form, [cut]), `cut at ${cut}`).to.equal(value);
      expect(read(form, Array.from(form.keys()).slice(1)), 'byte by byte').to.equal(value);
    });
  }

  it('is found by the same rule however a form of any parts is cut', () => {
    const parts = fc.array(fc.constantFrom(MODEL, FILE + 'x\r\n--\r\n', part('name="a"', 'b'), FILE + '\r\n--b\r\r\n'), { maxLength: 6 });
    fc.assert(fc.property(parts, fc.array(fc.nat(2_000), { maxLength: 12 }), (list, places) => {
      const form = Buffer.from(list.join('') + END);
      const cuts = [...new Set(places.map((place) => place % form.length))].sort((a, b) => a - b);
      expect(read(form, cuts)).to.equal(list.includes(MODEL) ? 'whisper-1' : undefined);
    }));
  });

  for (const [type, boundary] of [
    ['multipart/form-data; boundary=abc', 'abc'], ['Multipart/Form-Data; charset=utf-8; Boundary="a b;c"', 'a b;c'],
    ['multipart/form-data', undefined], ['multipart/form-data; boundary=', undefined], ['multipart/mixed; boundary=b', undefined],
    ['multipart/form-datax; boundary=b', undefined], [`multipart/form-data; boundary=${'b'.repeat(300)}`, undefined], [undefined, undefined],
  ] as const) {
    it(`stands between boundaries that the content type names: ${String(type).slice(0, 60)}`, () => {
      expect(formBoundary(type)).to.equal(boundary);
    });
  }
});
