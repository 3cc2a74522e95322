import { findJdks, jdkFor } from '../../support/elasticsearch/jdk.js';
import { startServer, type Server } from '../../support/elasticsearch/server.js';
import { askedMajor, RELEASES, release } from '../../support/elasticsearch/versions.js';
import { ExportHarness } from './harness.js';
import type { ElasticsearchConfig } from '../../../src/config/config.js';

/** A server of a test's own, to be broken; of the line that this run of the tests is about, else the newest that can run. */
export async function ownServer(settings: Readonly<Record<string, string>> = {}, nodes = 1): Promise<Server> {
  const asked = askedMajor();
  const jdks = findJdks();
  const chosen = asked === undefined ? RELEASES.toReversed().find((one) => jdkFor(one, jdks) !== undefined) : release(asked);
  if (chosen === undefined) throw new Error('these tests break servers of their own, which need Maven and a JDK (17 for Elasticsearch 7.17 and 8.19, 21 or newer for 9.2)');
  return startServer({ release: chosen, settings, nodes });
}

/** An exporter's harness on such a server; `through` is an address in between. */
export function harnessOn(server: Server, overrides: Partial<ElasticsearchConfig> = {}, through?: string): Promise<ExportHarness> {
  const access = { ...(server.username !== undefined && { username: server.username }), ...(server.password !== undefined && { password: server.password }) };
  return ExportHarness.make({ urls: through === undefined ? [...server.urls] : [through], ...access, ...overrides }, { urls: [...server.urls], ...access });
}
