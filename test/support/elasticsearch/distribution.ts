import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { locked, openCache } from './cache.js';
import type { Jdk } from './jdk.js';
import { ensurePlugin } from './plugin.js';
import { runCommand } from './run-command.js';
import { handOver, serverUser } from './server-user.js';
import type { Release } from './versions.js';

const COPY_GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
const ARTIFACT = 'org.elasticsearch.distribution.integ-test-zip:elasticsearch';

/** An unpacked server with our plugin in it, shared by all nodes and never written to by them. */
export async function ensureDistribution(release: Release, jdk: Jdk): Promise<string> {
  const home = join(await openCache(), `elasticsearch-${release.version}`);
  await locked('distribution', async () => {
    if (!existsSync(home)) await unpack(release, jdk, home);
    await ensurePlugin(home, release, jdk);
  });
  return home;
}

/** A server keystore with the password of `elastic`: making one takes seconds, so it is kept. */
export async function ensureKeystore(home: string, release: Release, jdk: Jdk, password: string): Promise<string> {
  const name = createHash('sha256').update(password).digest('hex').slice(0, 12);
  const dir = join(await openCache(), `keystore-${release.version}-${name}`);
  await locked('keystore', async () => {
    if (existsSync(dir)) return;
    const fresh = await mkdtemp(`${dir}.`);
    await copyFile(join(home, 'config/jvm.options'), join(fresh, 'jvm.options'));
    const user = serverUser();
    await handOver(fresh, user);
    const options = { cwd: home, env: { PATH: process.env['PATH'], HOME: fresh, ES_JAVA_HOME: jdk.home, ES_PATH_CONF: fresh }, ...user };
    await runCommand(join(home, 'bin/elasticsearch-keystore'), ['create', '-s'], options);
    await runCommand(join(home, 'bin/elasticsearch-keystore'), ['add', '-x', '-f', '-s', 'bootstrap.password'], { ...options, input: password });
    await rename(fresh, dir);
  });
  return join(dir, 'elasticsearch.keystore');
}

async function unpack(release: Release, jdk: Jdk, home: string): Promise<void> {
  const work = await mkdtemp(`${home}.`);
  try {
    await runCommand('mvn', ['-q', '-B', COPY_GOAL, `-Dartifact=${ARTIFACT}:${release.version}:zip`, `-DoutputDirectory=${work}`], { cwd: work, timeoutMs: 20 * 60_000 });
    await runCommand(join(jdk.home, 'bin/jar'), ['xf', join(work, `elasticsearch-${release.version}.zip`)], { cwd: work });
    const unpacked = join(work, `elasticsearch-${release.version}`);
    for (const program of await readdir(join(unpacked, 'bin'))) await chmod(join(unpacked, 'bin', program), 0o755); // jar forgets permissions
    await mkdir(join(unpacked, 'plugins'), { recursive: true });
    await rename(unpacked, home);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
