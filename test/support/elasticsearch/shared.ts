import { obtainServer, wayToServer, type Obtained } from './obtain.js';

/**
 * The one server of a run of the tests. Whatever test file wants it says so when it is loaded; the
 * root hooks start it before the first test, and a run in which nobody asks starts none.
 */
let wanted = false;
let shared: Obtained | undefined;

/** Says, while files are loaded, that tests of this run need Elasticsearch. */
export function needElasticsearch(): void {
  wanted = true;
}

/** Its address, with the superuser's credentials; only inside hooks and tests. */
export function elasticsearchUrl(): URL {
  const url = process.env['GATEWAY_TEST_ELASTICSEARCH_URL'];
  if (url === undefined) throw new Error('no Elasticsearch was started: call needElasticsearch() where the file is loaded, and ask for the address in a hook or a test');
  return new URL(url);
}

export async function startShared(): Promise<void> {
  if (!wanted) return;
  shared = await obtainServer(wayToServer());
  process.env['GATEWAY_TEST_ELASTICSEARCH_URL'] = shared.url;
  process.stderr.write(`Elasticsearch ${shared.origin}\n`);
}

export async function stopShared(): Promise<void> {
  await shared?.stop();
}
