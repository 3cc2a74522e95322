import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import Serve from '../../../src/commands/serve.js';
import { configurationDoc, FLAGS } from './configuration-doc.js';

const FILE = join(import.meta.dirname, '../../../docs/configuration.md');

describe('docs/configuration.md', () => {
  it('says what the schema says (UPDATE_DOCS=1 writes it anew)', () => {
    const fresh = configurationDoc();
    if (process.env['UPDATE_DOCS'] !== undefined) writeFileSync(FILE, fresh);
    expect(readFileSync(FILE, 'utf8')).to.equal(fresh);
  });

  it('names flags that gateway serve has', () => {
    expect(Object.keys(Serve.flags)).to.include.members(FLAGS);
  });
});

describe('the flags of gateway serve', () => {
  it('carry neither default nor environment: precedence is the configuration\'s alone', () => {
    for (const flag of Object.values(Serve.flags)) {
      expect(flag).not.to.have.property('env');
      expect(flag).not.to.have.property('default');
    }
  });
});
