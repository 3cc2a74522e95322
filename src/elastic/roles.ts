import { privilegeNames } from './privileges.js';

/** A role as `PUT _security/role/…` takes it. */
export interface Role {
  readonly cluster: readonly string[];
  readonly indices: readonly [{ readonly names: readonly string[]; readonly privileges: readonly string[] }];
}

/** The role that one credential needs for `gateway serve`, `es verify` and `metrics top`. */
export function writerRole(name: string): Role {
  return {
    cluster: ['monitor', 'read_ilm'],
    indices: [{ names: privilegeNames(name), privileges: ['create_doc', 'auto_configure', 'read', 'view_index_metadata', 'monitor'] }],
  };
}

/** For people and dashboards: search, and nothing else. */
export function readerRole(name: string): Role {
  return { cluster: [], indices: [{ names: privilegeNames(name), privileges: ['read', 'view_index_metadata'] }] };
}

/** For `gateway es init`, `es init --migrate` and `es verify --canary`. */
export function adminRole(name: string): Role {
  return {
    cluster: ['monitor', 'manage_ilm', 'manage_index_templates'],
    indices: [{ names: privilegeNames(name), privileges: ['manage', 'create_doc', 'read', 'delete', 'view_index_metadata', 'monitor'] }],
  };
}
