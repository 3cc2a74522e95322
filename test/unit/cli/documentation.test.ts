import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { EXIT } from '../../../src/domain/failure.js';

const ROOT = join(import.meta.dirname, '../../..');

describe('docs/cli.md', () => {
  const text = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8');

  it('lists every command, and none that is not there', () => {
    const commands = globSync('**/*.ts', { cwd: join(ROOT, 'src/commands') }).map((file) => file.replace(/\.ts$/, '').replaceAll(/[\\/]/g, ' '));
    const listed = [...text.matchAll(/^\| `gateway ([a-z ]+)` \|/gm)].map(([, name]) => name);
    expect(listed).to.have.members(commands);
  });

  it('lists every exit code', () => {
    for (const code of Object.values(EXIT)) expect(text).to.match(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});
