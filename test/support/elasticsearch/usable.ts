import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Access } from './ask.js';

const TIMEOUT_MS = 300_000;
const ANSWER_MS = 20_000;

/**
 * Waits until a cluster is of use: all nodes there, every primary shard started, and with security on
 * the index of users and roles made, without which a young server answers 503 to whoever asks for privileges.
 *
 * @param check - called between the tries; throws where waiting is in vain
 */
export async function untilUsable(url: string, access: Access, nodes: number, check: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!await isUsable(url, access, nodes)) {
    await check();
    if (Date.now() > deadline) throw new Error(`Elasticsearch at ${url} does not become usable`);
    await sleep(200);
  }
}

async function isUsable(url: string, access: Access, nodes: number): Promise<boolean> {
  const isGood = async (path: string, method: string, body?: unknown): Promise<boolean> => (await ask(`${url}${path}`, access, ANSWER_MS, { method, body }))?.status === 200;
  if (!await isGood(`/_cluster/health?wait_for_nodes=${String(nodes)}&wait_for_status=yellow&timeout=1s`, 'GET')) return false;
  if (access.username === undefined) return true;
  const role = '/_security/role/gateway-test-usable';
  return await isGood(role, 'PUT', { cluster: ['monitor'] })
    && await isGood('/_security/user/_has_privileges', 'POST', { cluster: ['monitor'], index: [{ names: ['any'], privileges: ['read'] }] })
    && isGood(role, 'DELETE');
}
