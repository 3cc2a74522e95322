import { Errors } from '@oclif/core';
import { expect } from 'chai';
import { errorJson, errorText, reportOf } from '../../../src/cli/error-report.js';
import { Failure } from '../../../src/domain/failure.js';

describe('errors as users see them', () => {
  it('a Failure keeps its words and its exit code', () => {
    const failure = new Failure({ code: 'index_conflict', message: 'it is there', fix: 'take another', exitCode: 1 });
    expect(reportOf(failure, 'gateway es init')).to.include({ code: 'index_conflict', message: 'it is there', fix: 'take another', exitCode: 1 });
  });

  it('wrong use of a command is exit 2, without oclif\'s hint', () => {
    const report = reportOf(new Errors.CLIError('Missing 1 required arg:\nmodel\nSee more help with --help'), 'gateway prices show');
    expect(report).to.deep.equal({
      code: 'wrong_use', message: 'Missing 1 required arg:\nmodel', fix: 'gateway prices show --help shows how to use it.', exitCode: 2,
    });
  });

  it('names flags that exclude each other as the user wrote them', () => {
    const text = 'The following error occurred:\n  \x1b[2m--dry-run=true cannot also be provided when using --api-key\x1b[22m\nSee more help with --help';
    expect(reportOf(new Errors.CLIError(text), 'gateway es init').message).to.equal('--dry-run cannot also be provided when using --api-key');
  });

  it('everything else is one sentence, exit 1, and the way to the stack', () => {
    const report = reportOf(new TypeError('x is not a function'), 'gateway serve');
    expect(report).to.include({ code: 'unexpected_error', exitCode: 1, message: 'Something unexpected happened: x is not a function' });
    expect(report.fix).to.include('DEBUG=gateway');
    expect(reportOf('thrown text', 'gateway serve').message).to.include('thrown text');
  });

  it('is two paragraphs on stderr, whose text cannot steer the terminal', () => {
    const report = { code: 'x', message: 'one\x1b[2J\ntwo', fix: 'do this', exitCode: 2 };
    expect(errorText(report, false)).to.equal('Error: one\\x1b[2J\n       two\nFix:   do this\n');
    expect(errorText(report, true)).to.include('\x1b[31mError:\x1b[39m');
  });

  it('puts the fix of each bad setting under its message', () => {
    const report = { code: 'bad_configuration', message: 'A=1: bad\nB=2: worse', fix: 'Correct A.\nCorrect B.', exitCode: 2 };
    expect(errorText(report, false)).to.equal('Error: A=1: bad\nFix:   Correct A.\nError: B=2: worse\nFix:   Correct B.\n');
  });

  it('is one JSON object of three fields', () => {
    const report = { code: 'x', message: 'm', fix: 'f', exitCode: 2 };
    expect(JSON.parse(errorJson(report))).to.deep.equal({ error: { code: 'x', message: 'm', fix: 'f' } });
  });
});
