import { parseArgs } from 'node:util';
import type { PhaseName } from './suites/phases.js';

export type SuiteName = 'proxy' | 'tls' | 'soak' | 'exporter' | 'start' | 'top';
const SUITES: readonly SuiteName[] = ['proxy', 'tls', 'soak', 'exporter', 'start', 'top'];
const PHASES: readonly PhaseName[] = ['json', 'json-100k', 'stream-20', 'stream-500', 'paced', 'rate'];

export interface BenchOptions {
  readonly suites: readonly SuiteName[];
  /** Names of targets; undefined: all that can be run here. */
  readonly targets: readonly string[] | undefined;
  readonly phases: readonly PhaseName[] | undefined;
  readonly rounds: number;
  readonly peerRounds: number;
  readonly seconds: number;
  readonly share: number;
  readonly connections: number;
  readonly rate: number | undefined;
  readonly soakRequests: number;
  readonly exporterRecords: number;
  readonly topRecords: number;
  /** URL of an Elasticsearch with user and password. */
  readonly elasticsearch: string | undefined;
  /** Process of that Elasticsearch, to be kept on the load's core. */
  readonly elasticsearchPid: number | undefined;
  /** File for the result; undefined: none is written. */
  readonly out: string | undefined;
  readonly install: boolean;
  readonly help: boolean;
}

export const USAGE = `npm run bench -- [options]

  --suite NAME          proxy, tls, soak, exporter, start or top; repeatable (all)
  --target NAME         measure only these targets in the proxy suite; repeatable (all that can be run here)
  --phase NAME          ${PHASES.join(', ')}; repeatable (all)
  --rounds N            rounds of the proxy suite (5)
  --peer-rounds N       rounds that other gateways take part in (2)
  --seconds N           length of a measurement; of those that count requests a quarter of the longest (3)
  --share N             part of the requests of a full measurement, above 0 (1)
  --connections N       connections of the closed loop (32)
  --rate N              requests a second of the open loop (half of what our gateway takes here, with its export if there is one)
  --requests N          requests of the soak (1000000)
  --records N           records of the exporter's backlog (500000)
  --top-records N       records of the reports (10000000: 7 GB of disk, and as many in Elasticsearch)
  --elasticsearch URL   http://user:password@host:port (BENCH_ELASTICSEARCH_URL)
  --elasticsearch-pid N its process, to be kept off the targets' core
  --out FILE            where the result goes (bench/results/latest.json)
  --no-out              write no result
  --install             install other gateways outside the repository first (BENCH_PEERS: where)
`;

/** @throws TypeError where the command line is wrong */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'suite': { type: 'string', multiple: true },
      'target': { type: 'string', multiple: true },
      'phase': { type: 'string', multiple: true },
      'rounds': { type: 'string', default: '5' },
      'peer-rounds': { type: 'string', default: '2' },
      'seconds': { type: 'string', default: '3' },
      'share': { type: 'string', default: '1' },
      'connections': { type: 'string', default: '32' },
      'rate': { type: 'string' },
      'requests': { type: 'string', default: '1000000' },
      'records': { type: 'string', default: '500000' },
      'top-records': { type: 'string', default: '10000000' },
      'elasticsearch': { type: 'string' },
      'elasticsearch-pid': { type: 'string' },
      'out': { type: 'string', default: 'bench/results/latest.json' },
      'no-out': { type: 'boolean', default: false },
      'install': { type: 'boolean', default: false },
      'help': { type: 'boolean', default: false },
    },
  });
  return {
    suites: known(values.suite, SUITES, 'suite') ?? SUITES,
    targets: values.target,
    phases: known(values.phase, PHASES, 'phase'),
    rounds: positive(values.rounds, 'rounds'),
    peerRounds: Number(values['peer-rounds']),
    seconds: positive(values.seconds, 'seconds'),
    share: positive(values.share, 'share'),
    connections: positive(values.connections, 'connections'),
    rate: values.rate === undefined ? undefined : positive(values.rate, 'rate'),
    soakRequests: positive(values.requests, 'requests'),
    exporterRecords: positive(values.records, 'records'),
    topRecords: positive(values['top-records'], 'top-records'),
    elasticsearch: values.elasticsearch ?? process.env['BENCH_ELASTICSEARCH_URL'],
    elasticsearchPid: values['elasticsearch-pid'] === undefined ? undefined : positive(values['elasticsearch-pid'], 'elasticsearch-pid'),
    out: values['no-out'] ? undefined : values.out,
    install: values.install,
    help: values.help,
  };
}

function known<T extends string>(given: readonly string[] | undefined, names: readonly T[], option: string): T[] | undefined {
  return given?.map((text) => {
    const name = names.find((one) => one === text);
    if (name === undefined) throw new TypeError(`--${option} ${text}: must be one of ${names.join(', ')}`);
    return name;
  });
}

function positive(text: string, option: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new TypeError(`--${option} ${text}: must be a number above 0`);
  return value;
}
