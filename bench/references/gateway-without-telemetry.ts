import { loadConfig } from '../../src/config/load.js';
import { createGateway, upstreamsFrom } from '../../src/gateway/create.js';
import { buildApp } from '../../src/server/app.js';
import { BACKLOG } from '../../src/server/listen.js';
import { judgeReadiness, NO_EXPORT } from '../../src/server/readiness.js';

/**
 * The gateway with nothing behind it that keeps records: what its telemetry costs is the difference to this. It is no
 * setting of the product, whose log is always on. Configured by the variables of `gateway serve`.
 */
const config = loadConfig({ env: process.env, cwd: process.cwd() });
const variable = (name: string): ReturnType<typeof config.variable> => config.variable(name);
const gateway = createGateway({
  settings: config.server, upstreams: upstreamsFrom(variable), variable, record: () => undefined, instance: 'bench', allowOpen: false, refuse: () => undefined,
});
const app = buildApp({
  proxy: gateway.proxy,
  admits: () => true,
  isAdmin: () => true,
  mayScrape: () => true,
  version: '0.0.0',
  readiness: () => judgeReadiness({
    stopping: false, refusing: false,
    log: { writable: true, lines_written: 0, append_failures: 0, slow_writes: 0, last_slow_write_ms: null, slow_lately: false, full: false, dropped_records: 0, dropped_lately: false },
    elasticsearch: NO_EXPORT,
  }),
  keepAliveTimeoutMs: config.server.serverKeepaliveTimeoutMs,
  maxBodyBytes: config.server.maxBodyBytes,
  onFault: (error) => { throw error; },
});
await app.listen({ host: config.server.host, port: config.server.port, backlog: BACKLOG });
