import type { BenchOptions } from '../options.js';
import { downElasticsearch, realElasticsearch, slowElasticsearch } from './elasticsearch-server.js';
import { gatewayExporting, gatewayLog, gatewayWithoutTelemetry } from './gateway.js';
import { installedPeers } from './peers.js';
import { direct, nginx, nodeProxy } from './references.js';
import type { Target } from './target.js';

/** The load speaks no TLS, so there is no direct call to compare with. */
const OVER_TLS = ['nginx', 'node', 'log', 'elasticsearch'];
/** How long the slow Elasticsearch holds its answers back. */
const SLOW_MS = 2_000;

export interface Targets {
  readonly own: readonly Target[];
  readonly peers: readonly Target[];
  readonly soaked: readonly Target[];
  /** Those measured with the provider behind TLS, too. */
  readonly tls: readonly Target[];
  /** Ends what the targets needed beside them. */
  stop(): void;
}

/**
 * The targets that can be run here and were asked for.
 * @throws TypeError where one was asked for that cannot be run here
 */
export async function chooseTargets({ targets, elasticsearch }: Pick<BenchOptions, 'targets' | 'elasticsearch'>): Promise<Targets> {
  const wanted = ({ name }: Target): boolean => name === 'direct' || (targets?.includes(name) ?? true);
  const log = gatewayLog();
  const down = gatewayExporting('elasticsearch-down', 'gateway, Elasticsearch down', downElasticsearch);
  const exporting: Target[] = [];
  let stop = (): void => undefined;
  if (elasticsearch !== undefined) {
    const server = realElasticsearch(elasticsearch);
    const slow = await slowElasticsearch(server, SLOW_MS);
    stop = () => { slow.stop(); };
    exporting.push(gatewayExporting('elasticsearch', 'gateway, log + Elasticsearch', server));
    exporting.push(gatewayExporting('elasticsearch-slow', `gateway, Elasticsearch slow (${SLOW_MS / 1000} s)`, slow.server));
  }
  const own = [
    direct, nginx(), nodeProxy(), gatewayWithoutTelemetry(), log, ...exporting, down, gatewayLog({ workers: 2 }), nodeProxy({ processes: 2 }),
  ].filter((target) => target !== undefined);
  const peers = installedPeers();
  const known = [...own, ...peers].map(({ name }) => name);
  const unknown = targets?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    stop();
    throw new TypeError(`--target ${unknown}: what can be run here is ${known.join(', ')}`);
  }
  return {
    own: own.filter(wanted),
    peers: peers.filter(wanted),
    tls: own.filter((target) => wanted(target) && OVER_TLS.includes(target.name)),
    soaked: [log, ...exporting.slice(0, 1)].filter(wanted),
    stop,
  };
}
