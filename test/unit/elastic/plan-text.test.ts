import { expect } from 'chai';
import { buildPlan } from '../../../src/elastic/init-plan.js';
import { requestsText } from '../../../src/elastic/plan-text.js';

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
});
