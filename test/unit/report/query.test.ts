import { expect } from 'chai';
import { Failure } from '../../../src/domain/failure.js';
import { RECORD_FIELDS } from '../../../src/domain/record-fields.js';
import { groupableFields, parseQuery, type QueryFlags } from '../../../src/report/query.js';

const NOW = Date.UTC(2026, 10, 25, 8, 30);
const HOUR = 3_600_000;

describe('the query of metrics top', () => {
  const refused = (flags: QueryFlags): Failure => {
    try {
      parseQuery(flags, NOW);
    } catch (error) {
      expect(error).to.be.instanceOf(Failure);
      const failure = error as Failure;
      expect(failure.exitCode).to.equal(2);
      expect(failure.code).to.equal('bad_flag_value');
      return failure;
    }
    throw new Error('not refused');
  };

  it('is the last 24 hours by provider, most requests first, unless told otherwise', () => {
    expect(parseQuery({}, NOW)).to.deep.equal({
      by: ['provider'], since: NOW - 24 * HOUR, until: NOW, filters: [], sort: { column: 'requests', descending: true }, limit: 50,
    });
  });

  describe('--by', () => {
    it('takes one or two fields, with commas or twice', () => {
      expect(parseQuery({ by: ['provider, model'] }, NOW).by).to.deep.equal(['provider', 'model']);
      expect(parseQuery({ by: ['status_code', 'stream'] }, NOW).by).to.deep.equal(['status_code', 'stream']);
    });

    it('takes none for one row of everything', () => {
      expect(parseQuery({ by: [''] }, NOW).by).to.deep.equal([]);
      expect(parseQuery({ by: ['none'] }, NOW).by).to.deep.equal([]);
    });

    it('takes every keyword, number and truth value that is no column of the report', () => {
      const fields = RECORD_FIELDS.map(({ name }) => name).filter((name) => !['timestamp', 'input_tokens', 'output_tokens', 'total_tokens', 'cost'].includes(name));
      expect(groupableFields()).to.deep.equal(fields);
      for (const field of fields) expect(parseQuery({ by: [field] }, NOW).by).to.deep.equal([field]);
    });

    it('lists the fields for one that does not exist', () => {
      const { message, fix } = refused({ by: ['foo'] });
      expect(message).to.equal('--by foo: no record has a field "foo"');
      for (const field of groupableFields()) expect(fix).to.include(field);
    });

    it('names the field that was most likely meant, as --filter and --sort do', () => {
      expect(refused({ by: ['providr'] }).fix).to.match(/^Did you mean provider\? /);
      expect(refused({ by: ['Provider'] }).fix).to.match(/^Did you mean provider\? /);
      expect(refused({ filter: ['status=429'] }).fix).to.match(/^Did you mean status_code\? /);
      expect(refused({ filter: ['status_cod=429'] }).fix).to.match(/^Did you mean status_code\? /);
      expect(refused({ sort: 'request' }).fix).to.match(/^Did you mean requests\? /);
      expect(refused({ by: ['xyzzy'] }).fix).to.match(/^Use one or two of: /);
    });

    it('refuses columns of the report, times, three fields, and one twice', () => {
      expect(refused({ by: ['cost'] }).message).to.include('column of the report');
      expect(refused({ by: ['timestamp'] }).message).to.include('cannot be grouped by timestamp');
      expect(refused({ by: ['provider,model,path'] }).message).to.include('two fields at most');
      expect(refused({ by: ['model,model'] }).message).to.include('twice');
      expect(refused({ by: ['provider,'] }).message).to.include('""');
    });
  });

  describe('--since and --until', () => {
    const since = (text: string): number => parseQuery({ since: text }, NOW).since;

    it('take ages', () => {
      expect(since('90s')).to.equal(NOW - 90_000);
      expect(since('30m')).to.equal(NOW - HOUR / 2);
      expect(since('7d')).to.equal(NOW - 7 * 24 * HOUR);
      expect(since('2W')).to.equal(NOW - 14 * 24 * HOUR);
    });

    it('take dates, in UTC unless they say otherwise', () => {
      expect(since('2026-11-24')).to.equal(Date.UTC(2026, 10, 24));
      expect(since('2026-11-24T10:00')).to.equal(Date.UTC(2026, 10, 24, 10));
      expect(since('2026-11-24 10:00:30.5')).to.equal(Date.UTC(2026, 10, 24, 10, 0, 30, 500));
      expect(since('2026-11-24T10:00:00z')).to.equal(Date.UTC(2026, 10, 24, 10));
      expect(since('2026-11-24T10:00+05:30')).to.equal(Date.UTC(2026, 10, 24, 4, 30));
    });

    it('refuse what is no time', () => {
      for (const text of ['', 'yesterday', '24', '-1h', '2026-02-30', '2026-13-01', '2026-11-24T25:00', '99999999999h', '2026-11']) {
        expect(refused({ since: text }).message, text).to.match(/^--since .*: is not a time/);
        expect(refused({ until: text }).message, text).to.match(/^--until /);
      }
    });

    it('refuse a range that is empty', () => {
      expect(refused({ since: 'now' }).message).to.include('--since now: the range from 2026-11-25T08:30:00.000Z to 2026-11-25T08:30:00.000Z is empty');
      expect(refused({ until: '2d' }).message).to.match(/^--until 2d: .* is empty$/);
      expect(refused({ since: '1h', until: '2h' }).message).to.match(/^--since 1h: .* is empty$/);
    });
  });

  describe('--filter', () => {
    const filters = (...filter: string[]): unknown => parseQuery({ filter }, NOW).filters;

    it('takes several, several values each, and their opposite', () => {
      expect(filters('provider=openai', 'model!=gpt-4o, o3 ')).to.deep.equal([
        { field: 'provider', type: 'keyword', values: ['openai'], negated: false },
        { field: 'model', type: 'keyword', values: ['gpt-4o', 'o3'], negated: true },
      ]);
    });

    it('reads values as the type of their field', () => {
      expect(filters('status_code=200,429', 'stream=True', 'cost=0.5', 'total_latency_ms=1e3')).to.deep.equal([
        { field: 'status_code', type: 'short', values: [200, 429], negated: false },
        { field: 'stream', type: 'boolean', values: [true], negated: false },
        { field: 'cost', type: 'float', values: [0.5], negated: false },
        { field: 'total_latency_ms', type: 'long', values: [1000], negated: false },
      ]);
    });

    it('takes an empty value for absence, and keeps further equals signs', () => {
      expect(filters('error_type=')).to.deep.equal([{ field: 'error_type', type: 'keyword', values: [null], negated: false }]);
      expect(filters('error_type!=')).to.deep.equal([{ field: 'error_type', type: 'keyword', values: [null], negated: true }]);
      expect(filters('model=a=b')).to.deep.equal([{ field: 'model', type: 'keyword', values: ['a=b'], negated: false }]);
    });

    it('refuses unknown fields, times, other operators and values of another type', () => {
      expect(refused({ filter: ['foo=1'] }).fix).to.include('status_code');
      expect(refused({ filter: ['timestamp=2026'] }).fix).to.include('--since');
      for (const text of ['provider', 'provider>openai', '=openai', '']) expect(refused({ filter: [text] }).message, text).to.include('is not a filter');
      for (const text of ['status_code=abc', 'status_code=40000', 'status_code=2.5', 'input_tokens=3000000000', 'cost=0x10', 'cost=Infinity']) {
        expect(refused({ filter: [text] }).message, text).to.match(/^--filter .*is not a value of/);
      }
      expect(refused({ filter: ['stream=yes'] }).message).to.include('true or false');
    });
  });

  describe('--sort', () => {
    const sort = (text: string): unknown => parseQuery({ by: ['model'], sort: text }, NOW).sort;

    it('puts the largest first, and names in order; a sign decides', () => {
      expect(sort('cost')).to.deep.equal({ column: 'cost', descending: true });
      expect(sort('-cost')).to.deep.equal({ column: 'cost', descending: true });
      expect(sort('+cost')).to.deep.equal({ column: 'cost', descending: false });
      expect(sort('model')).to.deep.equal({ column: 'model', descending: false });
      expect(sort('-model')).to.deep.equal({ column: 'model', descending: true });
    });

    it('lists the columns for one that the report has not', () => {
      for (const text of ['foo', 'provider', '', '-', 'cost desc']) {
        const { message, fix } = refused({ by: ['model'], sort: text });
        expect(message).to.include('not a column of this report');
        expect(fix).to.include('model, requests, errors');
      }
    });
  });

  it('takes a limit from 1, or all', () => {
    expect(parseQuery({ limit: '1' }, NOW).limit).to.equal(1);
    expect(parseQuery({ limit: 'ALL' }, NOW).limit).to.equal(undefined);
    for (const text of ['0', '-1', '1.5', 'many', '', '1e400']) expect(refused({ limit: text }).message, text).to.match(/^--limit /);
  });
});
