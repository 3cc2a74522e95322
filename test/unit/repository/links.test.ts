import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { readMarkdown } from './markdown.js';

const ROOT = join(import.meta.dirname, '../../..');
const DOCUMENTS = ['*.md', 'docs/**/*.md', '.github/**/*.md', 'templates/**/*.md', 'bench/**/*.md', 'test/**/*.md'];

/** The links of a folder's documents that lead nowhere, as `FILE → TARGET: why`. */
function brokenLinks(root: string): string[] {
  const files = globSync(DOCUMENTS, { cwd: root });
  return files.flatMap((file) => readMarkdown(readFileSync(join(root, file), 'utf8')).links.flatMap((target) => {
    const fault = faultOf(root, file, target);
    return fault === undefined ? [] : [`${file.replaceAll('\\', '/')} → ${target}: ${fault}`];
  }));
}

function faultOf(root: string, file: string, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined; // another site
  if (target.startsWith('/')) return 'begins with a slash: it leads nowhere in an installed package';
  const [path = '', anchor] = decodeURIComponent(target).split('#');
  const absolute = path === '' ? join(root, file) : join(root, dirname(file), path);
  if (relative(root, absolute).startsWith('..')) return 'leads out of the repository';
  if (!existsSync(absolute)) return 'there is no such file';
  if (anchor === undefined || !statSync(absolute).isFile()) return undefined;
  if (!absolute.endsWith('.md')) return undefined;
  return readMarkdown(readFileSync(absolute, 'utf8')).anchors.has(anchor) ? undefined : 'there is no such heading';
}

describe('the links of the documents', () => {
  it('lead to files and headings that are there', () => {
    expect(globSync(DOCUMENTS, { cwd: ROOT })).to.include.members(['README.md', 'CONTRIBUTING.md', 'SECURITY.md']);
    expect(brokenLinks(ROOT)).to.deep.equal([]);
  });

  describe('are found broken', () => {
    let root: string;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'gateway-links-'));
      mkdirSync(join(root, 'docs'));
      const text = ['# The `x_y` of A, B', '## Twice', '## Twice', '```sh\n# no heading\n```'].join('\n\n');
      writeFileSync(join(root, 'docs/a.md'), text);
    });
    afterEach(() => { rmSync(root, { recursive: true }); });

    function check(text: string): string[] {
      writeFileSync(join(root, 'README.md'), text);
      return brokenLinks(root);
    }

    for (const target of [
      'docs/a.md', 'docs', 'docs/a.md#the-x_y-of-a-b', 'docs/a.md#twice-1', '#here',
      'https://example.com/x#y', 'mailto:a@example.com',
    ]) {
      it(`not: ${target}`, () => { expect(check(`## Here\n\n[x](${target})`)).to.deep.equal([]); });
    }

    for (const [target, fault] of [
      ['docs/b.md', 'no such file'], ['/docs/a.md', 'slash'], ['../x.md', 'out of the repository'],
      ['docs/a.md#no-heading', 'no such heading'], ['docs/a.md#twice-2', 'no such heading'],
      ['#gone', 'no such heading'],
    ] as const) {
      for (const [form, text] of Object.entries({
        'a link': `see [x](${target}) there`,
        'a link with a title': `[x](${target} "t")`,
        'a picture': `![x](${target})`,
        'HTML': `<img src="${target}">`,
        'a definition': `[x]: ${target}`,
      })) {
        it(`${target} in ${form}`, () => {
          const found = check(text);
          expect(found).to.have.length(1);
          expect(found[0]).to.include(`README.md → ${target}`).and.include(fault);
        });
      }
    }

    it('but not in code and comments', () => {
      const code = '```md\n[x](gone.md)\n```\n\n`[x](gone.md)` and ``a ` [x](gone.md)``\n\n';
      expect(check(`${code}<!-- [x](gone.md) -->\n`)).to.deep.equal([]);
    });
  });
});
