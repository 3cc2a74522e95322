import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureCertificates, type Certificates } from './certificates.js';
import { ensureDistribution, ensureKeystore } from './distribution.js';
import { findJdks, jdkFor } from './jdk.js';
import { Node } from './node.js';
import { freePorts } from './ports.js';
import { openRunFolder, removeRunFolder } from './run-folders.js';
import { untilUsable } from './usable.js';
import type { Release } from './versions.js';

const USERNAME = 'elastic';
const PASSWORD = 'a-test-password';

export interface ServerOptions {
  readonly release: Release;
  /** 1 unless given. */
  readonly nodes?: number;
  /** On unless told otherwise; `https` implies it. */
  readonly security?: boolean;
  readonly https?: boolean;
  /** Further lines of elasticsearch.yml: `{ 'http.max_content_length': '1mb' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** As the JVM writes it; 512m unless given. */
  readonly heap?: string;
}

/** A cluster of this process's own, to be broken as a test likes. */
export interface Server {
  readonly version: string;
  /** Of each node, without credentials. */
  readonly urls: readonly string[];
  /** The superuser, where security is on. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Where it speaks https. */
  readonly certificates: Certificates | undefined;
  /** kill -9 of one node, or of all; the data stays. */
  kill(node?: number): Promise<void>;
  /** Stops the clock of one node, or of all: connections are accepted, nothing answers. */
  freeze(node?: number): Promise<void>;
  thaw(node?: number): Promise<void>;
  /** Starts again what does not run, and waits until the cluster is usable. */
  start(): Promise<void>;
  /** Ends it and forgets its data. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster from Maven's distribution and waits until it is usable.
 *
 * @throws Error where no JDK can run the release, Maven cannot fetch it, or a node dies
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { release } = options;
  const jdk = jdkFor(release, findJdks());
  if (jdk === undefined) throw new Error(`Elasticsearch ${release.version} needs a JDK from ${release.jdk.join(' to ')}`);
  const https = options.https ?? false;
  const secure = https || (options.security ?? true);
  const home = await ensureDistribution(release, jdk);
  const keystore = secure ? await ensureKeystore(home, release, jdk, PASSWORD) : undefined;
  const certificates = https ? await ensureCertificates() : undefined;

  const count = options.nodes ?? 1;
  const ports = await freePorts(2 * count);
  const dir = await openRunFolder();
  const nodes: Node[] = [];
  for (let i = 0; i < count; i++) {
    nodes.push(new Node(join(dir, `node-${String(i)}`), {
      home, jdk, heap: options.heap ?? '512m',
      settings: { ...settingsOf(i, ports, release, { secure, https }), ...options.settings },
      ...(keystore !== undefined && { keystore }), ...(certificates !== undefined && { certificates }),
    }));
  }
  const urls = ports.slice(0, count).map((port) => `${https ? 'https' : 'http'}://127.0.0.1:${String(port)}`);
  const access = { ...(secure && { username: USERNAME, password: PASSWORD }), ...(certificates !== undefined && { ca: await readFile(certificates.caFile, 'utf8') }) };
  const chosen = (node?: number): Node[] => node === undefined ? nodes : nodes.slice(node, node + 1);
  const signal = async (name: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT', node?: number): Promise<void> => { await Promise.all(chosen(node).map(async (one) => one.signal(name))); };

  const server: Server = {
    version: release.version,
    urls,
    username: secure ? USERNAME : undefined,
    password: secure ? PASSWORD : undefined,
    certificates,
    kill: (node) => signal('SIGKILL', node),
    freeze: (node) => signal('SIGSTOP', node),
    thaw: (node) => signal('SIGCONT', node),
    start: async () => {
      await Promise.all(nodes.map(async (node) => node.launch()));
      await untilUsable(urls[0] ?? '', access, count, async () => {
        const dead = nodes.find((node) => !node.running);
        if (dead !== undefined) throw new Error(`a node of Elasticsearch died:\n${await dead.log()}`);
      });
    },
    stop: async () => {
      // Its data goes too, so there is nothing to close with care.
      await signal('SIGKILL');
      await removeRunFolder(dir);
    },
  };
  try {
    for (const node of nodes) await node.prepare();
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function settingsOf(index: number, ports: readonly number[], release: Release, { secure, https }: { secure: boolean; https: boolean }): Record<string, string> {
  const count = ports.length / 2;
  const seeds = ports.slice(count).map((port) => `"127.0.0.1:${String(port)}"`);
  return {
    'cluster.name': 'gateway-test',
    'node.name': `node-${String(index)}`,
    'network.host': '127.0.0.1',
    'http.port': String(ports[index]),
    'transport.port': String(ports[count + index]),
    ...(count === 1
      ? { 'discovery.type': 'single-node' }
      : { 'discovery.seed_hosts': `[${seeds.join(', ')}]`, 'cluster.initial_master_nodes': `[${seeds.map((_, i) => `node-${String(i)}`).join(', ')}]` }),
    'xpack.security.enabled': String(secure),
    // 7.17 turns API keys on by itself only with https.
    ...(release.major === '7' ? (secure ? { 'xpack.security.authc.api_key.enabled': 'true' } : {}) : { 'xpack.security.autoconfiguration.enabled': 'false' }),
    ...(https && {
      'xpack.security.http.ssl.enabled': 'true',
      'xpack.security.http.ssl.key': 'tls/http.key',
      'xpack.security.http.ssl.certificate': 'tls/http.crt',
      'xpack.security.http.ssl.certificate_authorities': '[tls/ca.crt]',
    }),
  };
}
