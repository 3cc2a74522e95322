import { isGood, refusal } from './answers.js';
import type { Elastic } from './client.js';
import type { InitStep, RoleStepId } from './init-step.js';
import { compare } from './init-steps.js';
import { at, isObject, listAt, objectAt, type JsonObject } from './json.js';
import { contentHash } from './managed-meta.js';
import { isSecurityOff } from './privileges.js';
import { adminRole, readerRole, writerRole, type Role } from './roles.js';

const ROLES: readonly { readonly id: RoleStepId; readonly suffix: string; readonly role: (name: string) => Role }[] = [
  { id: 'role-writer', suffix: 'writer', role: writerRole },
  { id: 'role-reader', suffix: 'reader', role: readerRole },
  { id: 'role-admin', suffix: 'admin', role: adminRole },
];
const MARK = { managed_by: 'ai-gateway', version: 1 };

/** Reads which of NAME-writer, NAME-reader and NAME-admin are there, and says what has to be done; puts nothing. */
export async function roleSteps(elastic: Elastic, name: string, force: boolean): Promise<InitStep[]> {
  const steps: InitStep[] = [];
  for (const { id, suffix, role } of ROLES) steps.push(await roleStep(elastic, id, `${name}-${suffix}`, role(name), force));
  return steps;
}

/** The requests that make the roles where none is there. */
export function newRoles(name: string): InitStep[] {
  return ROLES.map(({ id, suffix, role }) => putRole(id, `${name}-${suffix}`, role(name), 'create', `${name}-${suffix}`));
}

async function roleStep(elastic: Elastic, id: RoleStepId, roleName: string, role: Role, force: boolean): Promise<InitStep> {
  const answer = await elastic.request({ method: 'GET', path: `/_security/role/${encodeURIComponent(roleName)}` });
  if (isSecurityOff(answer)) return { id, action: 'unchanged', detail: 'not made: security is off, so everybody may do everything', requests: [] };
  if (answer.status === 403) return { id, action: 'conflict', detail: `${roleName} may not be read: grant the cluster privilege manage_security`, requests: [] };
  if (!isGood(answer) && answer.status !== 404) throw refusal(answer, `read the role ${roleName}`);
  const found = isGood(answer) ? asObject(at(answer.body, roleName)) : undefined;
  const verdict = compare(roleName, found, wanted(role), normalRole, { force });
  const { action, detail } = verdict;
  if (action === 'unchanged' || action === 'conflict') return { id, ...verdict, requests: [] };
  return { ...verdict, ...putRole(id, roleName, role, action, detail) };
}

function putRole(id: RoleStepId, roleName: string, role: Role, action: 'create' | 'update', detail: string): InitStep {
  const { _meta: metadata, ...body } = wanted(role);
  return {
    id, action, detail,
    requests: [{ method: 'PUT', path: `/_security/role/${encodeURIComponent(roleName)}`, body: { ...body, metadata } }],
    privileges: { cluster: ['manage_security'], index: [] },
  };
}

function wanted(role: Role): JsonObject {
  return { cluster: role.cluster, indices: role.indices, _meta: { ...MARK, hash: contentHash(normalRole(role)) } };
}

/** A role keeps as `metadata` what other objects keep as `_meta`. */
function asObject(role: unknown): unknown {
  return isObject(role) ? { ...role, _meta: role['metadata'] } : undefined;
}

/** What the server adds (empty lists, defaults) left out, lists sorted. */
function normalRole(role: unknown): JsonObject {
  const other: JsonObject = {};
  for (const key of ['applications', 'run_as', 'remote_indices', 'remote_cluster']) {
    const list = listAt(role, key);
    if (list.length > 0) other[key] = list;
  }
  const indices = listAt(role, 'indices').map((entry) => {
    const { names, privileges, allow_restricted_indices: _, ...rest } = objectAt(entry);
    return { ...rest, names: sorted(names), privileges: sorted(privileges) };
  });
  return { ...other, cluster: sorted(at(role, 'cluster')), indices };
}

function sorted(list: unknown): string[] {
  return (Array.isArray(list) ? list.map(String) : []).sort();
}
