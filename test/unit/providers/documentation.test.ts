import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { CUSTOM_DIALECTS, customProviders } from '../../../src/providers/registry.js';
import { providersTable } from './providers-doc.js';

const FILE = new URL('../../../docs/providers.md', import.meta.url);
const MADE = /(<!-- Made from src\/providers: [^\n]* -->\n)[^]*?\n?(<!-- end -->)/;

describe('docs/providers.md', () => {
  it('has the table that the providers make (UPDATE_DOCS=1 writes it anew)', () => {
    const text = readFileSync(FILE, 'utf8');
    const fresh = text.replace(MADE, (_all, begin: string, end: string) => `${begin}${providersTable()}\n${end}`);
    expect(text).to.match(MADE);
    if (process.env['UPDATE_DOCS'] !== undefined) writeFileSync(FILE, fresh);
    expect(readFileSync(FILE, 'utf8')).to.equal(fresh);
  });

  it('names every dialect that CUSTOM_PROVIDERS takes, and shows a list that it takes', () => {
    const text = readFileSync(FILE, 'utf8');
    for (const dialect of CUSTOM_DIALECTS) expect(text).to.include(`\`${dialect}\``);
    const example = /CUSTOM_PROVIDERS='(.*)'/.exec(text)?.[1] ?? '';
    expect(customProviders(example, []).map(({ name }) => name)).to.deep.equal(['lab']);
  });
});
