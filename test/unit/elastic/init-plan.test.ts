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

  describe('where the two requests of an older guide have made policy and template', () => {
    const guide = {
      policy: { phases: { hot: { actions: {} }, delete: { min_age: '30d', actions: { delete: {} } } } },
      template: { index_patterns: ['lab*'], template: { settings: { index: { lifecycle: { name: 'lab-policy' } } } }, composed_of: [] },
    };

    it('extends the template, after a question, and says in the table how much differs', () => {
      const found = plan(guide);
      expect(found.steps.map((step) => `${step.id} ${step.action}`)).to.deep.equal(['layout unchanged', 'policy unchanged', 'template update', 'index create', 'alias unchanged', 'mapping unchanged']);
      const template = found.steps.find((step) => step.id === 'template');
      expect(template).to.include({ replaces: true });
      expect(template?.summary).to.match(/it differs in \d+ places, see below$/);
      expect(template?.detail.length).to.be.below(700);
    });

    it('does so too where the guide\'s 19 fields are in the template', () => {
      const { timestamp, provider } = managedObjects('lab', 'daily').mapping['properties'] as Record<string, unknown>;
      const fields = { ...guide.template, template: { ...guide.template.template, mappings: { properties: { timestamp, provider } } } };
      expect(plan({ ...guide, template: fields }).steps.find((step) => step.id === 'template')).to.include({ action: 'update' });
    });

    it('leaves one alone that says something else, and lets what depends on it wait', () => {
      const edited = { ...guide.template, template: { settings: { index: { lifecycle: { name: 'mine' } } } } };
      const { steps } = plan({ ...guide, template: edited });
      expect(steps.map((step) => `${step.id} ${step.action}`)).to.deep.equal(['layout unchanged', 'policy unchanged', 'template conflict', 'index conflict', 'alias conflict', 'mapping conflict']);
      for (const step of steps.slice(3)) expect(step.detail).to.match(/^waits for template/);
      const strict = { ...guide.template, template: { ...guide.template.template, mappings: { dynamic: 'strict' } } };
      expect(plan({ ...guide, template: strict }).steps.find((step) => step.id === 'template')).to.include({ action: 'conflict' });
      expect(plan({ ...guide, template: { ...guide.template, priority: 9 } }).steps.find((step) => step.id === 'template')).to.include({ action: 'conflict' });
    });
  });

  it('names the flag that keeps the age of an edited policy', () => {
    const policy = { phases: { hot: { actions: {} }, delete: { min_age: '90d', actions: { delete: {} } } } };
    expect(plan({ policy }).steps.find((step) => step.id === 'policy')?.detail).to.match(/found "90d", documented "30d".*--retention 90d keeps its age/);
    expect(buildPlan({ name: 'lab', requested: undefined, major: 8, now: NOW, state: { ...empty, policy }, options: { retention: '90d' } }).steps.find((step) => step.id === 'policy')).to.include({ action: 'unchanged' });
  });

  it('refuses a rollover alias before it breaks it, and only warns where that was done earlier', () => {
    const state = { holder: { kind: 'alias', indices: ['lab-000001'] } as const, rollover: ['lab-000001'] };
    const refused = plan(state);
    expect(refused.steps).to.have.length(1);
    expect(refused.steps[0]).to.include({ id: 'layout', action: 'conflict' });
    expect(refused.steps[0]?.detail).to.match(/rollover alias of lab-000001.*Nothing was changed\. Ways out: choose another ELASTICSEARCH_INDEX/);
    const later = plan({ ...state, template: managedObjects('lab', 'daily').template });
    expect(later.steps[0]).to.include({ action: 'unchanged' });
    expect(later.warnings.join()).to.include('rollover');
  });

  it('leaves out on serverless what such a server refuses', () => {
    const found = buildPlan({ name: 'lab', requested: undefined, major: 8, serverless: true, now: NOW, state: { ...empty, lifecycle: false }, options: { shards: 3, codec: 'default' } });
    const settings = Object.keys((found.objects.template['template'] as { settings: object }).settings);
    expect(settings).to.deep.equal(['index.refresh_interval']);
    expect(found.warnings.join('\n')).to.include('shards, codec').and.include('_data_stream/NAME/_lifecycle');
  });

  it('says of an index without a lifecycle that it is kept for ever', () => {
    const index = { name: 'lab', mapping: {}, aliases: [], createdAt: NOW, blocks: [], closed: false, policy: undefined, pipelines: [], limited: false };
    expect(plan({ holder: { kind: 'index' }, indices: [index] }).warnings.join()).to.match(/no lifecycle policy: nothing ever deletes it/);
    expect(plan({ holder: { kind: 'index' }, indices: [{ ...index, policy: 'lab-policy' }] }).warnings.join()).to.match(/deletes the whole index lab 30d/);
  });

  it('takes a filter of the alias for a conflict, which --force removes', () => {
    const index = { name: 'lab-2026-02-03', mapping: {}, aliases: ['lab'], createdAt: NOW, blocks: [], closed: false, policy: 'lab-policy', pipelines: [], limited: true };
    const state = { holder: { kind: 'alias', indices: [index.name] } as const, indices: [index] };
    expect(plan(state).steps.find((step) => step.id === 'alias')).to.include({ action: 'conflict' });
    const forced = buildPlan({ name: 'lab', requested: 'daily', major: 8, now: NOW, force: true, state: { ...empty, ...state } }).steps.find((step) => step.id === 'alias');
    expect(forced).to.include({ action: 'update', replaces: true });
    expect(forced?.requests).to.deep.equal([{ method: 'POST', path: '/_aliases', body: { actions: [{ add: { index: index.name, alias: 'lab' } }] } }]);
  });
});
