import { expect } from 'chai';
import { Failure } from '../../../../src/domain/failure.js';
import { fail, ok, skip, warn, type Check, type CheckContext, type Finding } from '../../../../src/elastic/checks/check.js';
import { CHECKS } from '../../../../src/elastic/checks/registry.js';
import { runChecks, type RunOptions } from '../../../../src/elastic/checks/run-checks.js';
import { verifyReport } from '../../../../src/elastic/checks/verify-report.js';

const context = {} as CheckContext;
const check = (id: string, needs: string[], finding: () => Finding, more: Partial<Check> = {}): Check =>
  ({ id, title: id, needs, run: () => Promise.resolve(finding()), ...more });

async function statuses(checks: Check[], options: RunOptions = {}): Promise<Record<string, string>> {
  return Object.fromEntries((await runChecks(context, { ...options, checks })).map((result) => [result.id, result.status]));
}

describe('the checks of es verify', () => {
  it('stand after those that they need, with ids of their own', () => {
    const seen = new Set<string>();
    for (const { id, needs } of CHECKS) {
      for (const needed of needs) expect(seen.has(needed), `${id} needs ${needed}`).to.equal(true);
      expect(seen.has(id), id).to.equal(false);
      seen.add(id);
    }
  });

  it('are skipped where they rest on one that failed or was skipped, not on one that warned', async () => {
    const chain = [check('a', [], () => fail('no', 'fix')), check('b', ['a'], () => ok('')), check('c', ['b'], () => ok('')), check('d', [], () => warn('', '')), check('e', ['d'], () => ok(''))];
    expect(await statuses(chain)).to.deep.equal({ a: 'fail', b: 'skip', c: 'skip', d: 'warn', e: 'ok' });
  });

  it('fail with the words of a Failure, and let a fault of our own through', async () => {
    const failing = check('a', [], () => { throw new Failure({ code: 'x', message: 'said', fix: 'fix' }); });
    expect((await runChecks(context, { checks: [failing] }))[0]).to.include({ status: 'fail', message: 'said', fix: 'fix' });
    const broken = check('a', [], () => { throw new TypeError('a bug'); });
    expect(await runChecks(context, { checks: [broken] }).catch((error: unknown) => error)).to.be.instanceOf(TypeError);
  });

  it('may be chosen by id: what they rest on runs, and is shown only where it fails', async () => {
    const checks = (status: Finding): Check[] => [check('a', [], () => status), check('b', ['a'], () => ok('')), check('c', [], () => ok(''))];
    expect(await statuses(checks(ok('')), { only: ['b'] })).to.deep.equal({ b: 'ok' });
    expect(await statuses(checks(fail('', '')), { only: ['b'] })).to.deep.equal({ a: 'fail', b: 'skip' });
    const unknown = await runChecks(context, { only: ['nonsense'] }).catch((error: unknown) => error);
    expect(unknown).to.be.instanceOf(Failure).with.property('exitCode', 2);
  });

  it('that write are left out on request, and the canary runs only when asked for', async () => {
    const checks = [check('write', [], () => ok(''), { writes: true }), check('canary', [], () => ok(''), { writes: true, onRequest: true })];
    expect(await statuses(checks)).to.deep.equal({ write: 'ok' });
    expect(await statuses(checks, { canary: true })).to.deep.equal({ write: 'ok', canary: 'ok' });
    expect(await statuses(checks, { noWrite: true })).to.deep.equal({ write: 'skip' });
  });

  it('are reported in the fixed shape; only --strict lets a warning fail', async () => {
    const results = await runChecks(context, { checks: [check('a', [], () => warn('seen', 'fix')), check('b', [], () => skip('why'))] });
    const report = verifyReport(results, undefined, false);
    expect(report).to.deep.equal({
      ok: true, version: null,
      checks: [
        { id: 'a', status: 'warn', message: 'seen', fix: 'fix', duration_ms: results[0]?.durationMs },
        { id: 'b', status: 'skip', message: 'why', fix: null, duration_ms: results[1]?.durationMs },
      ],
    });
    expect(verifyReport(results, '8.12.0', true)).to.include({ ok: false, version: '8.12.0' });
  });
});
