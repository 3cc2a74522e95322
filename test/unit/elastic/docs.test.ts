import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import EsInit from '../../../src/commands/es/init.js';
import EsVerify from '../../../src/commands/es/verify.js';
import { CHECKS } from '../../../src/elastic/checks/registry.js';
import { adminRole, readerRole, writerRole, type Role } from '../../../src/elastic/roles.js';

const DOCS = new URL('../../../docs/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, DOCS), 'utf8');

describe('the documentation of administration', () => {
  it('explains every check, and no other, in their order', () => {
    const headings = [...read('troubleshooting.md').matchAll(/^### (.+)$/gm)].map((match) => match[1]);
    expect(headings).to.deep.equal(CHECKS.map((check) => check.id));
  });

  it('names every flag of es init', () => {
    for (const flag of Object.keys(EsInit.flags).filter((name) => !['url', 'index'].includes(name))) expect(read('elasticsearch.md')).to.include(`--${flag}`);
  });

  it('uses only flags of es verify that it has', () => {
    for (const [, flag = ''] of read('troubleshooting.md').matchAll(/es verify (?:\S+ )*?--([a-z-]+)/g)) expect([...Object.keys(EsVerify.flags), 'json', 'no-write']).to.include(flag);
  });

  it('gives the roles as they are made', () => {
    const row = (name: string, { cluster, indices: [{ privileges }] }: Role): string => {
      const cells = [cluster, privileges].map((list) => (list.length === 0 ? '–' : list.map((each) => `\`${each}\``).join(', ')));
      return `| \`NAME-${name}\` | ${cells.join(' | ')} |`;
    };
    for (const [name, role] of [['writer', writerRole('x')], ['reader', readerRole('x')], ['admin', adminRole('x')]] as const) expect(read('elasticsearch.md')).to.include(row(name, role));
  });
});
