import type { ElasticsearchConfig } from '../config/config.js';
import { EXIT, Failure } from '../domain/failure.js';
import { isGood, refusal } from './answers.js';
import { createElastic, type Elastic } from './client.js';
import { stringAt } from './json.js';
import { describePrivileges, isSecurityOff, missingPrivileges, privilegeNames } from './privileges.js';
import { writerRole } from './roles.js';

/** A key that may do what `gateway serve`, `es verify` and `metrics top` need, and nothing else. */
export interface WriterKey {
  readonly id: string;
  readonly name: string;
  /** What ELASTICSEARCH_API_KEY takes. The server never shows it again. */
  readonly encoded: string;
}

/**
 * Makes an API key with the writer's privileges, asks with that very key whether it has them, and takes it
 * back where it is short: a key can never do more than its maker. Throws a Failure that says what is missing.
 *
 * @param expiration such as `90d`; the key does not expire without it
 */
export async function makeWriterKey(elastic: Elastic, config: ElasticsearchConfig, expiration?: string): Promise<WriterKey> {
  const role = writerRole(config.index);
  const name = `${config.index}-writer`;
  const answer = await elastic.request({
    method: 'POST', path: '/_security/api_key',
    body: { name, role_descriptors: { [name]: role }, ...(expiration !== undefined && { expiration }) },
  });
  if (isSecurityOff(answer)) throw failure('es_security_off', 'no API key can be made: security is off on this cluster', 'Turn on xpack.security.enabled, or run the gateway without credentials.');
  if (!isGood(answer)) throw refusal(answer, 'make an API key (cluster privilege manage_own_api_key or manage_api_key; on 7.17 also xpack.security.authc.api_key.enabled)');
  const id = stringAt(answer.body, 'id');
  const key = stringAt(answer.body, 'api_key');
  if (id === undefined || key === undefined) throw failure('es_no_api_key', 'the server made an API key but did not show it', 'Look at proxies in between.');
  const encoded = stringAt(answer.body, 'encoded') ?? Buffer.from(`${id}:${key}`).toString('base64');
  const missing = await lacking(config, encoded);
  if (missing === undefined) return { id, name, encoded };
  const gone = isGood(await elastic.request({ method: 'DELETE', path: '/_security/api_key', body: { ids: [id], owner: true } })); // its own: all that manage_own_api_key allows
  throw failure('es_api_key_short',
    `the API key would lack ${missing}, because whoever makes a key can only hand on privileges that they have; the key ${gone ? 'was invalidated again' : `${id} could not be invalidated`}`,
    `Run this as a user that has ${missing}, for example one with the role ${name} and the cluster privilege manage_own_api_key.`);
}

async function lacking(config: ElasticsearchConfig, apiKey: string): Promise<string | undefined> {
  const { username: _, password: __, passwordFile: ___, apiKeyFile: ____, ...connection } = config;
  const withKey = createElastic({ ...connection, apiKey });
  try {
    const names = privilegeNames(config.index);
    const { cluster, indices: [{ privileges }] } = writerRole(config.index);
    const missing = await missingPrivileges(withKey, { cluster, index: privileges }, names);
    const words = missing === undefined ? '' : describePrivileges(missing, names);
    return words === '' ? undefined : words;
  } finally {
    await withKey.close();
  }
}

function failure(code: string, message: string, fix: string): Failure {
  return new Failure({ code, message, fix, exitCode: EXIT.failed });
}
