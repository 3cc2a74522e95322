import { expect } from 'chai';
import type { ClusterState } from '../../../src/elastic/cluster-state.js';
import { isOurs } from '../../../src/elastic/cluster-state.js';
import { buildPlan, MANAGED_BY } from '../../../src/elastic/init-plan.js';
import { initReport } from '../../../src/elastic/init-report.js';
import { managedObjects } from '../../../src/elastic/managed-objects.js';

const NOW = Date.parse('2026-02-03T04:05:06Z');
const empty: ClusterState = { lifecycle: true, policy: undefined, template: undefined, ranks: [], holder: { kind: 'none' }, indices: [], strangers: [], unreadable: [] };
const plan = (state: Partial<ClusterState> = {}, more: { requested?: 'daily' | 'single' | 'data-stream'; major?: number } = {}) =>
  buildPlan({ name: 'lab', requested: more.requested, major: more.major ?? 8, now: NOW, state: { ...empty, ...state } });

describe('the plan of es init', () => {
  it('is reported in the fixed shape, requests left out', () => {
    expect(initReport(plan(), true)).to.deep.equal({
      changed: true,
      steps: [
        { id: 'layout', action: 'unchanged', detail: 'daily: the default' },
        { id: 'policy', action: 'create', detail: 'lab-policy' },
        { id: 'template', action: 'create', detail: 'lab-template' },
        { id: 'index', action: 'create', detail: 'lab-2026-02-03' },
        { id: 'alias', action: 'unchanged', detail: 'lab stands for all daily indices; the template adds new ones' },
        { id: 'mapping', action: 'unchanged', detail: 'comes with the template' },
      ],
    });
  });

  it('sends exactly the documented objects', () => {
    const { policy, template } = managedObjects('lab', 'daily');
    expect(plan().steps.flatMap((step) => step.requests)).to.deep.equal([
      { method: 'PUT', path: '/_ilm/policy/lab-policy', body: { policy } },
      { method: 'PUT', path: '/_index_template/lab-template', body: template },
      { method: 'PUT', path: '/lab-2026-02-03' },
    ]);
    expect(MANAGED_BY).to.equal('ai-gateway');
  });

  it('takes today from UTC', () => {
    const late = buildPlan({ name: 'lab', requested: 'daily', major: 8, now: Date.parse('2026-02-03T23:59:59.999Z'), state: empty });
    expect(late.steps.find((step) => step.id === 'index')?.detail).to.equal('lab-2026-02-03');
  });

  it('does without a policy where the server has no lifecycle API', () => {
    const found = plan({ lifecycle: false });
    expect(found.steps.find((step) => step.id === 'policy')).to.include({ action: 'unchanged' });
    expect(JSON.stringify(found.steps)).not.to.include('lifecycle.name');
  });

  it('says which privilege is missing where the policy may not be read', () => {
    expect(plan({ unreadable: ['policy'] }).steps.find((step) => step.id === 'policy')).to.include({ action: 'conflict' }).with.property('detail').that.matches(/read_ilm/);
  });

  it('warns of other names that the pattern meets, unless another template has them', () => {
    const strangers = ['lab-staging-2026-01-01', 'lab-old'];
    const ranks = [{ name: 'lab-staging-template', patterns: ['lab-staging*'], priority: 211 }];
    expect(plan({ strangers, ranks }).warnings.join()).to.include('lab-old').and.not.include('lab-staging-2026');
  });

  it('warns and asks before records are deleted earlier than until now, and not before they are kept longer', () => {
    const with30d = { policy: managedObjects('lab', 'daily').policy };
    const of = (retention: string) => buildPlan({ name: 'lab', requested: 'daily', major: 8, now: NOW, state: { ...empty, ...with30d }, options: { retention } });
    expect(of('7d').warnings.join()).to.equal('the server will delete records after 7d instead of 30d, those that are there already too');
    expect(of('7d').steps.find((step) => step.id === 'policy')).to.include({ action: 'update', replaces: true });
    expect(of('90d').warnings).to.deep.equal([]);
    expect(of('90d').steps.find((step) => step.id === 'policy')).to.include({ action: 'update' }).and.not.have.property('replaces');
    expect(of('720h').steps.find((step) => step.id === 'policy')).to.include({ action: 'unchanged' });
    expect(plan().steps.find((step) => step.id === 'policy')).not.to.have.property('replaces');
  });

  it('refuses data-stream on 7.17', () => {
    expect(plan({}, { requested: 'data-stream', major: 7 }).steps.map((step) => step.action)).to.deep.equal(['conflict']);
  });

  it('knows its own indices by name', () => {
    for (const name of ['lab', 'lab-2026-01-02', '.ds-lab-2026.01.02-000001']) expect(isOurs(name, 'lab'), name).to.equal(true);
    for (const name of ['lab-staging', 'lab-staging-2026-01-02', 'lab-2026-01', 'labs', '.ds-lab-staging-2026.01.02-000001', '.ds-labs-2026.01.02-000001']) expect(isOurs(name, 'lab'), name).to.equal(false);
  });
});
