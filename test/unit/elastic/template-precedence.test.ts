import { expect } from 'chai';
import { matches, winningTemplate } from '../../../src/elastic/template-precedence.js';

const ours = { name: 'lab-template', patterns: ['lab*'], priority: 203 };
const staging = { name: 'lab-staging-template', patterns: ['lab-staging*'], priority: 211 };

describe('the template of a new index', () => {
  it('is the matching one of the highest priority: the longer name wins', () => {
    expect(winningTemplate([ours, staging], 'lab-staging-2026-01-01')).to.equal(staging);
    expect(winningTemplate([staging, ours], 'lab-2026-01-01')).to.equal(ours);
    expect(winningTemplate([ours, staging], 'other')).to.equal(undefined);
  });

  it('is found by patterns whose only special character is the star', () => {
    expect(matches('*-2026*', 'lab-2026-01')).to.equal(true);
    expect(matches('l.b*', 'lab')).to.equal(false);
    expect(matches('*', 'anything')).to.equal(true);
    expect(matches('lab', 'lab-1')).to.equal(false);
  });
});
