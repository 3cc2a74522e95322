import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ownRuntime } from '../../src/cli/own-runtime.js';
import { AS_ADMIN, exportEnv, type ElasticsearchServer } from './elasticsearch-server.js';
import type { Launch, Place, Target } from './target.js';

const BINARY = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const WITHOUT_TELEMETRY = fileURLToPath(new URL('../references/gateway-without-telemetry.ts', import.meta.url));
/** Longest time for an export's backlog to drain after a phase. */
const SETTLE_MS = 120_000;

/** Our own gateway with the records in its local log only. */
export function gatewayLog(options: { workers?: number } = {}): Target {
  const { workers } = options;
  return {
    name: workers === undefined ? 'log' : `workers-${workers}`,
    title: workers === undefined ? 'gateway, log only' : `gateway, log only, ${workers} workers`,
    launch: (place) => ({
      command: [process.execPath, BINARY, 'serve', ...(workers === undefined ? [] : ['--workers', String(workers)])],
      env: gatewayEnv(place),
    }),
  };
}

/** Our own gateway without any telemetry, run as `gateway serve` runs itself. */
export function gatewayWithoutTelemetry(): Target {
  return {
    name: 'off',
    title: 'gateway, no telemetry (not a setting)',
    launch: (place) => {
      const execArgv = ['--import', 'tsx'];
      const argv = [process.execPath, WITHOUT_TELEMETRY, 'serve'];
      const runtime = ownRuntime({ argv, argv0: process.execPath, execArgv, env: {}, execPath: process.execPath, version: process.versions.node, hasChannel: false });
      const args = runtime?.args.slice(1) ?? [...execArgv, ...argv.slice(1)];
      return { command: [process.execPath, ...args], env: { ...runtime?.env, ...gatewayEnv(place) } as Record<string, string> };
    },
  };
}

/** Our own gateway with the export to Elasticsearch on. */
export function gatewayExporting(name: string, title: string, server: ElasticsearchServer): Target {
  return {
    name,
    title,
    launch: (place): Launch => {
      const index = `bench-${randomBytes(4).toString('hex')}`;
      return {
        command: [process.execPath, BINARY, 'serve'],
        cwd: place.dir,
        env: {
          ...gatewayEnv(place),
          ...exportEnv(server, index),
        },
        ...(server.accepts ? { settle: () => drained(place.port), cleanUp: () => server.remove(index) } : {}),
      };
    },
  };
}

function gatewayEnv({ port, upstream, caFile, dir }: Place): Record<string, string> {
  return {
    PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'warn',
    OPENAI_BASE_URL: upstream, ENABLE_ELASTICSEARCH: 'false', TELEMETRY_DIR: join(dir, 'telemetry'), TELEMETRY_MAX_BYTES: '20GiB',
    ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }),
  };
}

/** Waits until the export has caught up with the log. @throws when it does not */
async function drained(port: number): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  let state = 'unknown';
  while (performance.now() < deadline) {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`, AS_ADMIN);
    const { elasticsearch } = await answer.json() as { elasticsearch: { state: string; backlog_bytes: number | null } };
    if (elasticsearch.backlog_bytes === 0) return;
    state = `${elasticsearch.state}, ${String(elasticsearch.backlog_bytes)} bytes behind`;
    await sleep(250);
  }
  throw new Error(`the export did not catch up (${state})`);
}
