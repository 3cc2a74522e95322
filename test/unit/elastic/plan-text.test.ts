import { expect } from 'chai';
import { buildPlan } from '../../../src/elastic/init-plan.js';
import { showValue } from '../../../src/elastic/json-diff.js';
import { newPlan } from '../../../src/elastic/new-plan.js';
import { curlScript, requestsText } from '../../../src/elastic/plan-text.js';

describe('a dry run of es init', () => {
  const state = { lifecycle: true, policy: undefined, template: undefined, ranks: [], holder: { kind: 'none' }, indices: [], strangers: [], unreadable: [] } as const;

  it('shows every request as it would be sent', () => {
    const plan = buildPlan({ name: 'lab', requested: 'daily', major: 8, now: Date.parse('2026-02-03'), state });
    const parts = requestsText(plan).split('\n\n');
    expect(parts.map((part) => part.split('\n')[0])).to.deep.equal(['PUT /_ilm/policy/lab-policy', 'PUT /_index_template/lab-template', 'PUT /lab-2026-02-03']);
    plan.steps.flatMap((step) => step.requests).forEach((request, i) => {
      const body = parts[i]?.split('\n').slice(1).join('\n');
      expect(body === '' ? undefined : JSON.parse(body ?? '')).to.deep.equal(request.body);
    });
  });

  it('says when there is nothing to send', () => {
    const plan = buildPlan({ name: 'lab', requested: 'daily', major: 8, now: 0, state: { ...state, holder: { kind: 'index' } } });
    expect(requestsText(plan)).to.equal('Nothing would be sent.');
  });

  it('writes a script that a second run does not fail on', () => {
    const { plan, today } = newPlan({ index: 'lab' }, { now: Date.parse('2026-02-03'), options: {}, roles: false });
    const script = curlScript(plan.steps.flatMap((step) => step.requests), today);
    expect(script).to.match(/^exists '\/lab-'"\$\(date -u \+%Y-%m-%d\)" \|\| put PUT '\/lab-'/m);
    expect(script).not.to.match(/^put PUT '\/lab-/m).and.not.include('resource_already_exists');
  });

  it('shows times in their largest unit', () => {
    expect(['2592000000ms', '5400000ms', '1500ms', '0ms', 'text', 7].map(showValue)).to.deep.equal(['"30d"', '"90m"', '"1500ms"', '"0ms"', '"text"', '7']);
  });
});
