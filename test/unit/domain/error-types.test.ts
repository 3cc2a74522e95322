import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { ERROR_TYPES } from '../../../src/domain/error-types.js';

describe('the list of error types', () => {
  it('stands in docs/errors.md, complete and with nothing else', () => {
    const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
    const documented = [...text.matchAll(/^\| `(\w+)` \| (\d{3}) \| (.+) \|$/gm)].map(([, type, status, meaning]) => [type, Number(status), meaning]);
    expect(documented).to.deep.equal(Object.entries(ERROR_TYPES).map(([type, { status, meaning }]) => [type, status, meaning]));
  });
});
