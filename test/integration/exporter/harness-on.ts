import type { ElasticsearchConfig } from '../../../src/config/config.js';
import type { Server } from '../../support/elasticsearch/server.js';
import { ExportHarness } from './harness.js';

/** An exporter's harness on a server of the test's own; `through` is an address in between. */
export function harnessOn(server: Server, overrides: Partial<ElasticsearchConfig> = {}, through?: string): Promise<ExportHarness> {
  const access = { ...(server.username !== undefined && { username: server.username }), ...(server.password !== undefined && { password: server.password }) };
  return ExportHarness.make({ urls: through === undefined ? [...server.urls] : [through], ...access, ...overrides }, { urls: [...server.urls], ...access });
}
