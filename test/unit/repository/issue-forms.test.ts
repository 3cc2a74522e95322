import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDER = '.github/ISSUE_TEMPLATE';

interface Field {
  readonly type: string;
  readonly id?: string;
  readonly attributes: { readonly label?: string; readonly value?: string; readonly options?: readonly string[] };
}
interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly Field[];
}

/* GitHub shows a form that it cannot read to nobody, and tells nobody. */
describe('the issue forms', () => {
  const files = globSync('*.yml', { cwd: join(ROOT, FOLDER) }).filter((file) => file !== 'config.yml');

  it('are there', () => { expect(files).to.have.members(['bug.yml', 'feature.yml', 'provider.yml']); });

  for (const file of files) {
    it(`${file} is one that GitHub shows`, () => {
      const form = parse(readFileSync(join(ROOT, FOLDER, file), 'utf8')) as Form;
      expect(form).to.have.all.keys('name', 'description', 'labels', 'body');
      expect(form.body.some(({ type }) => type !== 'markdown')).to.equal(true);
      const ids = form.body.flatMap(({ id }) => id ?? []);
      expect(new Set(ids).size).to.equal(ids.length);
      for (const { type, id, attributes: { label, value, options } } of form.body) {
        expect(type).to.be.oneOf(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']);
        if (type === 'markdown') expect(value).to.be.a('string');
        else expect(`${id}: ${label}`).to.match(/^[a-z-]+: [A-Z]/);
        if (type === 'dropdown') expect(new Set(options).size).to.be.above(1).and.equal(options?.length);
      }
    });
  }
});
