import type { ElasticsearchConfig } from '../config/config.js';
import { Credentials } from './credentials.js';
import type { ElasticAnswer, ElasticRequest } from './elastic-request.js';
import { Node } from './node.js';
import { TlsFiles } from './tls-files.js';
import { ElasticUnreachable } from './unreachable.js';

export type { ElasticAnswer, ElasticRequest } from './elastic-request.js';
export { ElasticUnreachable } from './unreachable.js';

/** An address of the cluster. */
export interface ElasticNode {
  readonly url: string;
  /** It has failed a moment ago: others are asked first. */
  readonly isResting: boolean;
}

/** A connection to a cluster. */
export interface Elastic {
  /**
   * Sends one request, once. It goes to another node only where it surely never left this machine, and again only
   * where a refused secret, or a TLS file behind a failed handshake, has changed meanwhile.
   * Resolves with the answer, errors included.
   *
   * @throws ElasticUnreachable where no whole answer came
   */
  readonly request: (request: ElasticRequest) => Promise<ElasticAnswer>;
  readonly close: () => Promise<void>;
  /** The addresses; absent where whoever stands in for a cluster has only one. */
  readonly nodes?: readonly ElasticNode[];
  /** Connections that were made until now: another number means that another cluster may answer. */
  readonly connections?: () => number;
}

export type ConnectionConfig = Pick<ElasticsearchConfig,
  'urls' | 'username' | 'password' | 'passwordFile' | 'apiKey' | 'apiKeyFile' | 'cloudId' | 'caFile' | 'caFingerprint' | 'certFile' | 'keyFile' | 'tlsVerify'>;

/**
 * Connects to the cluster of a configuration; nothing is sent yet.
 *
 * @throws Failure where a certificate, key or secret file cannot be read, or the options contradict each other
 */
export function createElastic(config: ConnectionConfig): Elastic {
  const credentials = new Credentials(config);
  const files = new TlsFiles(config);
  let connections = 0;
  const onConnect = (): void => { connections++; };
  const addresses = config.cloudId === undefined ? config.urls.map((url) => ({ url })) : [{ cloudId: config.cloudId }];
  const nodes = addresses.map((address) => new Node(address, { config, files, onConnect }));
  const send = async (request: ElasticRequest): Promise<ElasticAnswer> => {
    try {
      return await toAnyNode(nodes, request, credentials.header);
    } catch (error) {
      if (!(error instanceof ElasticUnreachable) || error.kind !== 'connection' || !files.refresh()) throw error;
      await Promise.all(nodes.map((node) => node.reset()));
      if (error.mayHaveArrived) throw error;
      return toAnyNode(nodes, request, credentials.header);
    }
  };
  return {
    request: async (request) => {
      const answer = await send(request);
      return answer.status === 401 && credentials.refresh() ? send(request) : answer;
    },
    close: async () => { await Promise.all(nodes.map((node) => node.reset())); },
    nodes,
    connections: () => connections,
  };
}

/** Asks the nodes in turn, those that are well first, until the request has left this machine. */
async function toAnyNode(nodes: readonly Node[], request: ElasticRequest, authorization: string | undefined): Promise<ElasticAnswer> {
  const candidates = request.node === undefined ? inTurn(nodes) : nodes.slice(request.node, request.node + 1);
  const failures: { readonly node: Node; readonly error: ElasticUnreachable }[] = [];
  for (const node of candidates) {
    try {
      return await node.send(request, authorization);
    } catch (error) {
      if (!(error instanceof ElasticUnreachable) || error.mayHaveArrived || candidates.length === 1) throw error;
      failures.push({ node, error });
    }
  }
  const said = failures.map(({ node, error }) => `${node.url}: ${error.message}`).join('; ');
  throw new ElasticUnreachable(said, 'connection', false, failures[0]?.error);
}

/** Least recently asked first; those that rest come last, whoever has rested longest first. */
function inTurn(nodes: readonly Node[]): readonly Node[] {
  if (nodes.length === 1) return nodes;
  return [...nodes].sort((a, b) => Number(a.isResting) - Number(b.isResting) || a.askedAt - b.askedAt);
}
