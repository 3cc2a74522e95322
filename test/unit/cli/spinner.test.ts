import { expect } from 'chai';
import { withSpinner } from '../../../src/cli/spinner.js';

/** What reaches stderr meanwhile. */
async function stderrOf(work: () => Promise<unknown>): Promise<string> {
  const write = process.stderr.write.bind(process.stderr);
  let written = '';
  process.stderr.write = (chunk: string | Uint8Array) => {
    written += String(chunk);
    return true;
  };
  try {
    await work().catch(() => undefined);
  } finally {
    process.stderr.write = write;
  }
  return written;
}

describe('the spinner', () => {
  for (const enabled of [true, false]) {
    it(`gives the result of the work on, and its error, ${enabled ? 'shown' : 'hidden'}`, async () => {
      let result: unknown;
      let error: unknown;
      await stderrOf(async () => {
        result = await withSpinner('works', () => Promise.resolve(7), { enabled });
        error = await withSpinner('fails', () => Promise.reject(new Error('no')), { enabled }).catch((thrown: unknown) => thrown);
      });
      expect(result).to.equal(7);
      expect(error).to.be.an('error').with.property('message', 'no');
    });
  }

  it('prints its text on stderr, and nothing of how it ended', async () => {
    const written = await stderrOf(() => withSpinner('reading the records', () => Promise.resolve(), { enabled: true }));
    expect(written).to.include('reading the records').and.not.include('✔');
    expect(await stderrOf(() => withSpinner('reading', () => Promise.reject(new Error('no')), { enabled: true }))).to.not.include('✖');
  });

  it('leaves the line with how it ended where that is asked for', async () => {
    expect(await stderrOf(() => withSpinner('making the policy', () => Promise.resolve(), { enabled: true, keep: true }))).to.match(/✔ making the policy\n$/);
    expect(await stderrOf(() => withSpinner('making the policy', () => Promise.reject(new Error('no')), { enabled: true, keep: true }))).to.match(/✖ making the policy\n$/);
  });

  it('prints nothing where it is not enabled', async () => {
    expect(await stderrOf(() => withSpinner('making the policy', () => Promise.resolve(), { enabled: false }))).to.equal('');
  });
});
