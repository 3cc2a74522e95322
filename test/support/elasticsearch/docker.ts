import { spawnSync } from 'node:child_process';
import { startedAt } from './processes.js';
import { runCommand, works } from './run-command.js';
import { untilUsable } from './usable.js';
import type { Release } from './versions.js';

const PASSWORD = 'a-test-password';
const LABEL = 'gateway-test-owner';

/** Whether an engine answers: the client alone is no use. */
export function dockerWorks(): boolean {
  return works('docker', ['info']);
}

/** Runs the release's official image with security on; it ends with this process. The address bears the credentials. */
export async function startContainer(release: Release): Promise<{ url: string; stop(): Promise<void> }> {
  await removeOrphans();
  const id = (await runCommand('docker', [
    'run', '--detach', '--rm', '--publish', '127.0.0.1::9200', '--label', `${LABEL}=${owner()}`,
    '--env', 'discovery.type=single-node', '--env', 'ES_JAVA_OPTS=-Xms512m -Xmx512m',
    '--env', 'xpack.security.enabled=true', '--env', 'xpack.security.authc.api_key.enabled=true', '--env', 'xpack.security.http.ssl.enabled=false',
    '--env', `ELASTIC_PASSWORD=${PASSWORD}`, `elasticsearch:${release.version}`,
  ], { timeoutMs: 20 * 60_000 })).trim();
  const remove = (): void => { spawnSync('docker', ['rm', '--force', id], { stdio: 'ignore' }); };
  process.once('exit', remove);
  const stop = async (): Promise<void> => {
    await runCommand('docker', ['rm', '--force', id]);
    process.off('exit', remove);
  };
  try {
    const port = (await runCommand('docker', ['port', id, '9200/tcp'])).trim().split('\n')[0]?.split(':').at(-1) ?? '';
    await untilUsable(`http://127.0.0.1:${port}`, { username: 'elastic', password: PASSWORD }, 1, async () => {
      await runCommand('docker', ['top', id]).catch((error: unknown) => { throw new Error('the container of Elasticsearch ended', { cause: error }); });
    });
    return { url: `http://elastic:${PASSWORD}@127.0.0.1:${port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function owner(): string {
  return `${String(process.pid)}/${startedAt(process.pid) ?? ''}`;
}

async function removeOrphans(): Promise<void> {
  const list = await runCommand('docker', ['ps', '--all', '--filter', `label=${LABEL}`, '--format', `{{.ID}} {{.Label "${LABEL}"}}`]);
  for (const line of list.split('\n').filter((text) => text !== '')) {
    const [id = '', pid = '', started = ''] = line.split(/[ /]/);
    if (startedAt(Number(pid)) !== started) await runCommand('docker', ['rm', '--force', id]);
  }
}
