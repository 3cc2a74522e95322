import type { ConnectionOptions } from 'node:tls';
import type { Client } from '@elastic/elasticsearch';
import type { ElasticsearchConfig } from '../config/config.js';
import { cloudUrl } from './cloud-url.js';
import type { ElasticAnswer, ElasticRequest } from './elastic-request.js';
import { endpointOf } from './endpoint.js';
import { nodeClient, sendOnce, type NodeAddress } from './node-client.js';
import { findPinned, pinnedIn, trustOnly } from './pinned-authority.js';
import type { TlsFiles } from './tls-files.js';
import { ElasticUnreachable } from './unreachable.js';

const REST_MS = 30_000;
const REST_CAP_MS = 600_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;

export interface NodeOptions {
  readonly config: Pick<ElasticsearchConfig, 'caFingerprint' | 'tlsVerify'>;
  readonly files: TlsFiles;
  readonly onConnect: () => void;
}

let turn = 0;

/** One address of the cluster: its connections, and whether it is well. */
export class Node {
  readonly url: string;
  /** Grows with every request, so that the least recently asked can be found. */
  askedAt = 0;
  readonly #address: NodeAddress;
  readonly #options: NodeOptions;
  #client: Promise<Client> | undefined;
  #restUntil = 0;
  #failures = 0;

  /** @throws Failure where the options contradict each other */
  constructor(address: NodeAddress, options: NodeOptions) {
    this.#address = address;
    this.#options = options;
    this.url = 'url' in address ? address.url : cloudUrl(address.cloudId) ?? '';
    if (!this.#isPinned) this.#client = Promise.resolve(nodeClient(address, this.#tls(), options.onConnect));
  }

  get isResting(): boolean {
    return performance.now() < this.#restUntil;
  }

  /** @throws ElasticUnreachable where no whole answer came */
  async send(request: ElasticRequest, authorization: string | undefined): Promise<ElasticAnswer> {
    this.askedAt = ++turn;
    try {
      const answer = await sendOnce(await this.#connected(), request, authorization);
      // A proxy without a node behind it, or a node that is starting.
      if (answer.status >= 502 && answer.status <= 504) this.#rest();
      else this.#failures = this.#restUntil = 0;
      return answer;
    } catch (error) {
      if (error instanceof ElasticUnreachable && error.kind !== 'aborted') this.#rest();
      throw error;
    }
  }

  /** Ends its connections; the next request makes new ones with what the files hold then. */
  async reset(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.then((made) => made.close(), () => undefined);
  }

  get #isPinned(): boolean {
    return this.#options.config.caFingerprint !== undefined && this.url.startsWith('https:');
  }

  #rest(): void {
    this.#restUntil = performance.now() + Math.min(REST_CAP_MS, REST_MS * 2 ** this.#failures++);
  }

  async #connected(): Promise<Client> {
    const client = this.#client ??= this.#make();
    try {
      return await client;
    } catch (error) {
      if (this.#client === client) this.#client = undefined;
      throw error;
    }
  }

  async #make(): Promise<Client> {
    const { config: { caFingerprint }, onConnect } = this.#options;
    const pem = caFingerprint === undefined || !this.#isPinned ? undefined : await this.#pinned(caFingerprint);
    return nodeClient(this.#address, this.#tls(pem), onConnect);
  }

  /** A pinned authority is checked as one from a file; only the name of the host can be left out. */
  #tls(pinned?: string): ConnectionOptions {
    const { config: { tlsVerify }, files: { material } } = this.#options;
    if (pinned === undefined) return { ...material, rejectUnauthorized: tlsVerify };
    return { ...material, ...trustOnly(pinned), ...(!tlsVerify && { checkServerIdentity: () => undefined }), rejectUnauthorized: true };
  }

  async #pinned(fingerprint: string): Promise<string> {
    const { files: { material: { ca, cert, key } } } = this.#options;
    const inFile = ca === undefined ? undefined : pinnedIn(ca.toString('utf8'), fingerprint);
    if (inFile !== undefined) return inFile;
    const { host, port } = endpointOf(this.url);
    const shown = await findPinned({
      host, port, timeoutMs: HANDSHAKE_TIMEOUT_MS, ...(cert !== undefined && { cert }), ...(key !== undefined && { key }),
    }, fingerprint);
    if (shown.found) return shown.pem;
    const reason = 'error' in shown ? shown.error
      : shown.complete ? 'no certificate that the server shows has the fingerprint ELASTICSEARCH_CA_FINGERPRINT'
        : 'the certificates that the server shows end before the root, and none has the fingerprint ELASTICSEARCH_CA_FINGERPRINT; ELASTICSEARCH_CA_FILE works with such a server';
    throw new ElasticUnreachable(reason, 'connection', false, undefined);
  }
}
