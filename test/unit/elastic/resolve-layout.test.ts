import { expect } from 'chai';
import type { Layout } from '../../../src/domain/elastic-names.js';
import type { NameHolder } from '../../../src/elastic/cluster-state.js';
import { managedObjects } from '../../../src/elastic/managed-objects.js';
import { resolveLayout } from '../../../src/elastic/resolve-layout.js';

const none: NameHolder = { kind: 'none' };
const index: NameHolder = { kind: 'index' };
const alias: NameHolder = { kind: 'alias', indices: ['lab-2026-01-01'] };
const stream: NameHolder = { kind: 'data-stream' };

function resolve(requested: Layout | undefined, holder: NameHolder, template?: unknown): string {
  const found = resolveLayout('lab', requested, holder, template);
  return 'conflict' in found ? 'conflict' : found.layout;
}

describe('the layout', () => {
  const table: [requested: Layout | undefined, holder: NameHolder, result: string][] = [
    [undefined, none, 'daily'], [undefined, index, 'single'], [undefined, alias, 'daily'], [undefined, stream, 'data-stream'],
    ['daily', none, 'daily'], ['daily', index, 'conflict'], ['daily', alias, 'daily'], ['daily', stream, 'conflict'],
    ['single', none, 'single'], ['single', index, 'single'], ['single', alias, 'conflict'], ['single', stream, 'conflict'],
    ['data-stream', none, 'data-stream'], ['data-stream', index, 'conflict'], ['data-stream', alias, 'conflict'], ['data-stream', stream, 'data-stream'],
  ];
  for (const [requested, holder, result] of table) {
    it(`asked for ${requested ?? 'nothing'}, with NAME ${holder.kind}: ${result}`, () => {
      expect(resolve(requested, holder)).to.equal(result);
    });
  }

  it('stays what the template was made for after the lifecycle has deleted the only index', () => {
    expect(resolve(undefined, none, managedObjects('lab', 'single').template)).to.equal('single');
    expect(resolve(undefined, none, managedObjects('lab', 'data-stream').template)).to.equal('data-stream');
    expect(resolve(undefined, none, managedObjects('lab', 'daily').template)).to.equal('daily');
  });

  it('single always comes with the warning of the lifecycle trap', () => {
    for (const found of [resolveLayout('lab', undefined, index, undefined), resolveLayout('lab', 'single', none, undefined)]) {
      expect(found).to.have.property('warning').that.matches(/deletes the whole index lab 30d after/);
    }
    expect(resolveLayout('lab', undefined, none, undefined)).not.to.have.property('warning');
  });

  it('a conflict names the ways out', () => {
    const found = resolveLayout('lab', 'daily', index, undefined);
    expect(found).to.have.property('conflict').that.matches(/Nothing was changed.*ELASTICSEARCH_LAYOUT=single.*es init --migrate.*another ELASTICSEARCH_INDEX.*delete it yourself/);
  });
});
