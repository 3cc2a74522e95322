import { ask } from './ask.js';
import { dockerWorks, startContainer } from './docker.js';
import { findJdks, jdkFor, type Jdk } from './jdk.js';
import { works } from './run-command.js';
import { startServer } from './server.js';
import { askedMajor, RELEASES, release, type Major, type Release } from './versions.js';

/** The server that a run of the tests uses. */
export interface Obtained {
  /** With the superuser's credentials in it. */
  readonly url: string;
  /** What it is and where it comes from, for the person who runs the tests. */
  readonly origin: string;
  /** Ends it, unless it is somebody else's. */
  stop(): Promise<void>;
}

/** Where a server can come from on this machine. */
export type Way =
  | { readonly kind: 'url'; readonly url: string; readonly asked: Major | undefined }
  | { readonly kind: 'maven' | 'docker'; readonly release: Release };

/**
 * The first way that is open, of three: the server at GATEWAY_TEST_ELASTICSEARCH_URL, one of our own
 * from Maven's distribution, a container. GATEWAY_TEST_ELASTICSEARCH_VERSION says of which line;
 * otherwise it is the newest that can run here.
 *
 * @throws Error that names the three where none is open
 */
export function wayToServer(env: NodeJS.ProcessEnv = process.env, jdks: readonly Jdk[] = findJdks(env)): Way {
  const asked = askedMajor(env);
  const url = env['GATEWAY_TEST_ELASTICSEARCH_URL'];
  if (url !== undefined && url !== '') return { kind: 'url', url, asked };
  const candidates = asked === undefined ? RELEASES.toReversed() : [release(asked)];
  const runnable = candidates.find((one) => jdkFor(one, jdks) !== undefined);
  if (runnable !== undefined && mavenWorks()) return { kind: 'maven', release: runnable };
  const [newest] = candidates;
  if (newest !== undefined && dockerWorks()) return { kind: 'docker', release: newest };
  throw new Error(noWay(asked, jdks.map(({ feature }) => feature)));
}

/** Makes the server of that way ready for use. */
export async function obtainServer(way: Way): Promise<Obtained> {
  if (way.kind === 'url') return given(way.url, way.asked);
  if (way.kind === 'docker') return { ...await startContainer(way.release), origin: `${way.release.version} (Docker)` };
  const server = await startServer({ release: way.release });
  const address = new URL(server.urls[0] ?? '');
  address.username = server.username ?? '';
  address.password = server.password ?? '';
  return { url: address.href, origin: `${way.release.version} (Maven, JDK ${jdkFor(way.release, findJdks())?.feature})`, stop: () => server.stop() };
}

async function given(url: string, asked: Major | undefined): Promise<Obtained> {
  const { origin, username, password } = new URL(url);
  const answer = await ask(`${origin}/`, { username: decodeURIComponent(username), password: decodeURIComponent(password) }, 30_000);
  const version = answer?.status === 200 ? /"number"\s*:\s*"([\d.]+)/.exec(answer.body)?.[1] : undefined;
  if (version === undefined) {
    throw new Error(`GATEWAY_TEST_ELASTICSEARCH_URL: no Elasticsearch answers at ${origin} (${answer === undefined ? 'no answer' : `HTTP ${String(answer.status)}`}). It must be http://USER:PASSWORD@HOST:PORT, of a superuser`);
  }
  if (asked !== undefined && version.split('.')[0] !== asked) {
    throw new Error(`GATEWAY_TEST_ELASTICSEARCH_URL is Elasticsearch ${version}, and GATEWAY_TEST_ELASTICSEARCH_VERSION asks for ${asked}`);
  }
  return { url, origin: `${version} (GATEWAY_TEST_ELASTICSEARCH_URL)`, stop: () => Promise.resolve() };
}

function mavenWorks(): boolean {
  return works('mvn', ['--version']);
}

function noWay(asked: Major | undefined, features: readonly number[]): string {
  const wanted = asked === undefined ? '' : ` ${asked}`;
  const found = features.length === 0 ? 'no JDK' : `JDK ${features.join(', ')}`;
  const needed = (asked === undefined ? RELEASES : [release(asked)]).map((one) => `${one.version}: ${one.jdk[1] === 99 ? `${String(one.jdk[0])} or newer` : one.jdk.join(' to ')}`).join('; ');
  return [
    `The tests need a real Elasticsearch${wanted}, and there is no way to one. Open one of these three:`,
    '  1. GATEWAY_TEST_ELASTICSEARCH_URL=http://USER:PASSWORD@HOST:PORT, a server of your own with a superuser (not set)',
    `  2. Maven and a JDK, from which the tests start their own (found: ${found}, ${mavenWorks() ? 'Maven' : 'no Maven'}; needed: mvn on the PATH, and a JDK: ${needed})`,
    '  3. a Docker engine, in which the tests run the official image (`docker info` fails)',
    'Tests that need none: npm run test:unit',
  ].join('\n');
}
