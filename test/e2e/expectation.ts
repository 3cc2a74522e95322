import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Call } from './metered-fetch.js';

export type TelemetryRecord = Readonly<Record<string, unknown>>;

/** What a test knows of the record of one call, beyond what its client saw. */
export interface Expectation {
  readonly call: Call;
  /** Fields with their values. */
  readonly fields: TelemetryRecord;
  /** US dollars; undefined: there must be none. */
  readonly cost?: number;
  /** The client left before the end, so that it knows only what it has read. */
  readonly cancelled?: boolean;
  /** Fields that must be there, and whose values only the gateway can know. */
  readonly measured: readonly string[];
}

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string };

/** Holds a record against it: exactly these fields, each with its value where that can be known. */
export function expectRecord(record: TelemetryRecord, { call, fields, cost, measured, cancelled = false }: Expectation): void {
  const known = {
    request_id: call.requestId, method: call.method, path: call.path, status_code: call.status,
    request_size: call.requestBytes,
    ...(!cancelled && { response_size: call.responseBytes }),
    gateway_version: version,
    ...fields,
  };
  const always = ['timestamp', 'total_latency_ms', 'overhead_us', 'response_size', 'gateway_instance'];
  const names = new Set([...Object.keys(known), ...always, ...measured, ...(cost === undefined ? [] : ['cost'])]);
  expect(Object.keys(record), `fields of ${JSON.stringify(record)}`).to.have.members([...names]);
  expect(record).to.deep.include(known);
  if (cost !== undefined) expect(record['cost']).to.be.closeTo(cost, 1e-12);

  const number = (name: string): number => {
    const value = record[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw new Error(`${name} is ${String(value)}`);
    return value;
  };
  expect(number('response_size')).to.be.at.least(call.responseBytes);
  expect(Date.parse(String(record['timestamp']))).to.be.within(call.startedAt, call.startedAt + call.elapsedMs + 1);
  // Parts of a whole, each rounded by itself; what a client measures to the last byte holds all of it.
  if (!cancelled) expect(number('total_latency_ms')).to.be.at.most(Math.ceil(call.elapsedMs) + 1);
  for (const name of ['provider_latency_ms', 'time_to_first_token_ms']) if (measured.includes(name)) expect(number(name)).to.be.at.most(number('total_latency_ms') + 1);
  expect(number('overhead_us')).to.be.at.most((number('total_latency_ms') + 1) * 1000);
}
