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

  it('fixes the JSON shape of every command that has one', () => {
    const withJson = globSync('**/*.ts', { cwd: join(ROOT, 'src/commands') })
      .filter((file) => readFileSync(join(ROOT, 'src/commands', file), 'utf8').includes('enableJsonFlag = true'))
      .map((file) => file.replace(/\.ts$/, '').replaceAll(/[\\/]/g, ' '));
    const shapes = text.slice(text.indexOf('## JSON'));
    for (const command of withJson) expect(shapes).to.match(new RegExp(`^\\| \`${command}(?: --print-config)?\` \\| \`\\{`, 'm'));
  });

  it('lists every exit code', () => {
    for (const code of Object.values(EXIT)) expect(text).to.match(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});

describe('the help texts in oclif.manifest.json', () => {
  it('leave line ends within a paragraph to the terminal', () => {
    const { commands } = JSON.parse(readFileSync(join(ROOT, 'oclif.manifest.json'), 'utf8')) as { commands: Record<string, { description: string }> };
    for (const [id, { description }] of Object.entries(commands)) {
      expect(description.split('\n\n').filter((paragraph) => paragraph.includes('\n')), id).to.deep.equal([]);
    }
  });
});

describe('the flags in oclif.manifest.json', () => {
  // Frozen there, they would outrank the environment and .env: precedence lives in src/config alone.
  it('have neither a default nor a variable of their own', () => {
    const { commands } = JSON.parse(readFileSync(join(ROOT, 'oclif.manifest.json'), 'utf8')) as { commands: Record<string, { flags: Record<string, object> }> };
    const flags = Object.entries(commands).flatMap(([id, command]) => Object.entries(command.flags).map(([name, flag]) => ({ flag: `${id} --${name}`, keys: Object.keys(flag) })));
    expect(flags.length).to.be.above(30);
    expect(flags.filter(({ keys }) => keys.includes('default') || keys.includes('env')).map(({ flag }) => flag)).to.deep.equal([]);
  });
});
