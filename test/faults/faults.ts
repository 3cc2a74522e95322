import { writeFile } from 'node:fs/promises';
import type { Elastic } from '../../src/elastic/client.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import type { Server } from '../support/elasticsearch/server.js';
import type { GatewayUnderTest } from './gateway-under-test.js';

export interface World {
  readonly gateway: GatewayUnderTest;
  readonly proxy: FaultProxy;
  readonly server: Server;
  /** Asks the server past the proxy, as its superuser. */
  readonly admin: Elastic;
  readonly passwordFile: string;
  readonly password: string;
  /** The name that records are stored under. */
  readonly index: string;
}

/** Something that goes wrong and is fixed again. */
export interface Fault {
  readonly name: string;
  readonly kind: 'kill' | 'outage' | 'refusal';
  /** Lasts about `ms`; resolves when it is fixed. */
  readonly run: (world: World, ms: number) => Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

async function setting(admin: Elastic, path: string, body: unknown): Promise<void> {
  // Under a read-only block some of these fail; the fix is tried until it works.
  for (let attempt = 0; attempt < 60; attempt++) {
    const answer = await admin.request({ method: 'PUT', path, body }).catch(() => undefined);
    if (answer !== undefined && (answer.status < 300 || answer.status === 404)) return;
    await pause(500);
  }
  throw new Error(`PUT ${path} was never accepted`);
}

const today = (index: string): string => `/${index}-${new Date().toISOString().slice(0, 10)}`;

const network = (name: string, fault: Parameters<FaultProxy['set']>[0]): Fault => ({
  name, kind: 'outage',
  run: async ({ proxy }, ms) => {
    proxy.set(fault, true);
    await pause(ms);
    proxy.set({ kind: 'none' }, true);
  },
});

const cluster = (name: string, settings: Record<string, unknown>): Fault => ({
  name, kind: 'refusal',
  run: async ({ admin }, ms) => {
    await setting(admin, '/_cluster/settings', { persistent: settings });
    await pause(ms);
    await setting(admin, '/_cluster/settings', { persistent: Object.fromEntries(Object.keys(settings).map((key) => [key, null])) });
  },
});

const block = (name: string, block_: string): Fault => ({
  name, kind: 'refusal',
  run: async ({ admin, index }, ms) => {
    await setting(admin, `${today(index)}/_settings`, { [block_]: true });
    await pause(ms);
    await setting(admin, `${today(index)}/_settings`, { [block_]: null });
  },
});

/** Every fault that the promise names and one machine can make; those that need three nodes are tests of their own. */
export const FAULTS: readonly Fault[] = [
  { name: 'kill -9 of the gateway', kind: 'kill', run: async ({ gateway }) => { await gateway.killPrimary(); await gateway.start(); } },
  { name: 'kill -9 of a worker', kind: 'kill', run: async ({ gateway }, ms) => { await gateway.killWorker(); await pause(ms / 2); } },
  {
    name: 'SIGTERM and a new start', kind: 'kill',
    run: async ({ gateway }) => {
      const code = await gateway.stop();
      if (code !== 0) throw new Error(`SIGTERM ended with exit code ${String(code)}`);
      await gateway.start();
    },
  },
  { name: 'kill -9 of Elasticsearch', kind: 'outage', run: async ({ server }, ms) => { await server.kill(); await pause(ms / 4); await server.start(); } },
  { name: 'Elasticsearch stands still', kind: 'outage', run: async ({ server }, ms) => { await server.freeze(); await pause(ms); await server.thaw(); } },
  network('connections refused', { kind: 'refuse' }),
  network('packets into a black hole', { kind: 'black-hole' }),
  network('answers reset at once', { kind: 'reset-answers', afterBytes: 0 }),
  network('answers reset half-way', { kind: 'reset-answers', afterBytes: 700 }),
  network('answers stop half-way', { kind: 'stall-answers', afterBytes: 200 }),
  network('slow answers', { kind: 'slow', delayMs: 400 }),
  block('flood-stage block', 'index.blocks.read_only_allow_delete'),
  block('write block', 'index.blocks.write'),
  cluster('cluster read-only', { 'cluster.blocks.read_only': true }),
  cluster('memory protection (429)', { 'indices.breaker.total.limit': '1mb' }),
  {
    name: 'index closed', kind: 'refusal',
    run: async ({ admin, index }, ms) => {
      await admin.request({ method: 'POST', path: `${today(index)}/_close` }).catch(() => undefined);
      await pause(ms);
      for (let attempt = 0; attempt < 60; attempt++) {
        const answer = await admin.request({ method: 'POST', path: `${today(index)}/_open` }).catch(() => undefined);
        if (answer !== undefined && (answer.status < 300 || answer.status === 404)) return;
        await pause(500);
      }
    },
  },
  {
    name: 'password rotated, corrected later', kind: 'refusal',
    run: async ({ admin, passwordFile, password }, ms) => {
      const change = (to: string): Promise<void> => setting(admin, '/_security/user/gateway-faults/_password', { password: to });
      await change('another-password');
      await pause(ms);
      await writeFile(passwordFile, 'another-password\n');
      await pause(500);
      await change(password);
      await writeFile(passwordFile, `${password}\n`);
    },
  },
];
