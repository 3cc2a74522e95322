import { isGood, isMissingApi, refusal } from './answers.js';
import type { Elastic } from './client.js';
import { at } from './json.js';

/** Privileges by name, as roles grant them. */
export interface Privileges {
  readonly cluster: readonly string[];
  readonly index: readonly string[];
}

/**
 * Which of the privileges the credentials in use lack; index privileges must hold for every one of
 * `names` (index names or patterns). Undefined where security is off, so that everything is allowed.
 */
export async function missingPrivileges(elastic: Elastic, wanted: Privileges, names: readonly string[]): Promise<Privileges | undefined> {
  const answer = await elastic.request({
    method: 'POST',
    path: '/_security/user/_has_privileges',
    body: { cluster: wanted.cluster, index: wanted.index.length === 0 ? [] : [{ names, privileges: wanted.index }] },
  });
  if (isSecurityOff(answer)) return undefined;
  if (!isGood(answer)) throw refusal(answer, 'ask which privileges the credentials have');
  return {
    cluster: wanted.cluster.filter((privilege) => at(answer.body, 'cluster', privilege) !== true),
    index: wanted.index.filter((privilege) => names.some((name) => at(answer.body, 'index', name, privilege) !== true)),
  };
}

/** Whether an answer of a `_security` API says that security is disabled. */
export function isSecurityOff(answer: Parameters<typeof isMissingApi>[0]): boolean {
  if (isMissingApi(answer)) return true;
  const reason = JSON.stringify(at(answer.body, 'error') ?? '');
  return answer.status >= 400 && /security (is )?not enabled|Security must be explicitly enabled|security is disabled/i.test(reason);
}

/** `cluster privilege a, b and index privilege c on x`, or an empty text. */
export function describePrivileges(privileges: Privileges, names: readonly string[]): string {
  const parts: string[] = [];
  if (privileges.cluster.length > 0) parts.push(`cluster privilege ${privileges.cluster.join(', ')}`);
  if (privileges.index.length > 0) parts.push(`index privilege ${privileges.index.join(', ')} on ${names.join(' and ')}`);
  return parts.join(' and ');
}

/** What has to be granted on for everything under NAME: the name itself and what is made from it. */
export function privilegeNames(name: string): readonly string[] {
  return [name, `${name}-*`];
}
