import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.js';
import { adminToken } from '../config/access-lists.js';
import { InvalidValue } from '../config/variable.js';
import { Failure } from '../domain/failure.js';
import { newGatewayKey } from '../domain/gateway-key.js';
import { isLoopbackHost } from '../gateway/access.js';
import type { GatewayKey } from '../gateway/key-ring.js';
import { ownSecret, SECRET_FILES } from '../telemetry/secret-file.js';

/** Label of the key that the gateway makes for programs on its machine. */
const LOCAL_LABEL = 'local';

/**
 * The key of programs on this machine, made where there is none yet; undefined where others cannot be told
 * from them (HOST is not loopback) or where gateway keys are configured.
 *
 * @param apiKeys the gateway keys in force
 * @throws Failure where TELEMETRY_DIR cannot be written
 */
export async function localKey({ server, telemetry }: Config, apiKeys: readonly GatewayKey[]): Promise<GatewayKey | undefined> {
  if (!isLoopbackHost(server.host) || apiKeys.length > 0) return undefined;
  return { label: LOCAL_LABEL, key: await ownSecret(telemetry.dir, SECRET_FILES.localKey, newGatewayKey) };
}

/**
 * The token for `/metrics` and the details of `/ready`: the configured one, else one that is made once.
 *
 * @throws Failure where it cannot be read, or where TELEMETRY_DIR cannot be written
 */
export async function readAdminToken({ server, telemetry }: Config): Promise<string> {
  if (server.adminToken !== undefined) return server.adminToken;
  if (server.adminTokenFile === undefined) return await ownSecret(telemetry.dir, SECRET_FILES.adminToken, newGatewayKey);
  const fix = 'Put a token of one line into it that this user can read, or set ADMIN_TOKEN.';
  const text = await readFile(server.adminTokenFile, 'utf8').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure({ code: 'bad_configuration', message: `ADMIN_TOKEN_FILE=${server.adminTokenFile ?? ''}: cannot be read (${code ?? 'unknown error'})`, fix, cause: error });
  });
  try {
    return adminToken(text.trim());
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    throw new Failure({ code: 'bad_configuration', message: `ADMIN_TOKEN_FILE=${server.adminTokenFile}: the token in it ${error.message}`, fix });
  }
}

/** Whether a request's `Authorization` is `Bearer` and the token, in constant time. */
export function bearsToken(authorization: string | undefined, token: string): boolean {
  const match = /^bearer[ \t]+(\S+)$/i.exec(authorization ?? '');
  return match?.[1] !== undefined && timingSafeEqual(digest(match[1]), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
