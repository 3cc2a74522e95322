import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { confirm } from '../../../src/cli/confirm.js';

async function answer(text: string, isTTY = true): Promise<{ said: boolean; asked: string }> {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  input.write(text);
  const said = await confirm('Replace policy?', { input, output });
  // Piece by piece: from Node 26, read() returns one of them, not all.
  const next = (): Buffer | null => output.read() as Buffer | null;
  let asked = '';
  for (let piece = next(); piece !== null; piece = next()) asked += piece.toString();
  return { said, asked };
}

describe('a question on the terminal', () => {
  for (const [text, said] of [['y\n', true], ['Yes\n', true], ['\n', false], ['n\n', false], ['yesterday\n', false]] as const) {
    it(`${JSON.stringify(text)} is ${said ? 'yes' : 'no'}`, async () => {
      const result = await answer(text);
      expect(result.said).to.equal(said);
      expect(result.asked).to.include('Replace policy? [y/N] ');
    });
  }

  it('is not asked where nobody sits: the flags have said it', async () => {
    expect(await answer('n\n', false)).to.deep.equal({ said: true, asked: '' });
  });
});
