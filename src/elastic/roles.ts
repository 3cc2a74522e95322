import { privilegeNames } from './privileges.js';

/** The role that one credential needs for `gateway serve`, `es verify` and `metrics top`, as `PUT _security/role/…` takes it. */
export function writerRole(name: string): { readonly cluster: readonly string[]; readonly indices: readonly [{ readonly names: readonly string[]; readonly privileges: readonly string[] }] } {
  return {
    cluster: ['monitor', 'read_ilm'],
    indices: [{ names: privilegeNames(name), privileges: ['create_doc', 'auto_configure', 'read', 'view_index_metadata', 'monitor'] }],
  };
}
