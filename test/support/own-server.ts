import { findJdks, jdkFor } from './elasticsearch/jdk.js';
import { startServer, type Server } from './elasticsearch/server.js';
import { askedMajor, RELEASES, release } from './elasticsearch/versions.js';

/** A server of a test's own, to be broken; of the line that this run of the tests is about, else the newest that can run. */
export async function ownServer(settings: Readonly<Record<string, string>> = {}, nodes = 1): Promise<Server> {
  const asked = askedMajor();
  const jdks = findJdks();
  const chosen = asked === undefined ? RELEASES.toReversed().find((one) => jdkFor(one, jdks) !== undefined) : release(asked);
  if (chosen === undefined) throw new Error('these tests break servers of their own, which need Maven and a JDK (17 for Elasticsearch 7.17 and 8.19, 21 or newer for 9.2)');
  return startServer({ release: chosen, settings, nodes });
}
