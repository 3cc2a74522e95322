import { describePrivileges, missingPrivileges, privilegeNames } from '../privileges.js';
import { writerRole } from '../roles.js';
import { type Check, fail, ok, skip, warn } from './check.js';

/** Without these nothing is exported or found; the others make the report whole. */
const EXPORT = ['create_doc', 'view_index_metadata', 'read'];
const CREATE_INDEX = ['auto_configure', 'create_index']; // either will do

/** The credentials may do what export, search and this report need. */
export const privileges: Check = {
  id: 'privileges',
  title: 'Privileges',
  needs: ['authentication'],
  async run({ elastic, config, securityOff }) {
    if (securityOff === true) return skip('security is off: everything is allowed');
    const names = privilegeNames(config.index);
    const missing = await missingPrivileges(elastic, { cluster: ['monitor', 'read_ilm'], index: [...EXPORT, ...CREATE_INDEX, 'monitor'] }, names);
    if (missing === undefined) return skip('security is off: everything is allowed');
    const needed = {
      cluster: missing.cluster.filter((privilege) => privilege === 'monitor'),
      index: [
        ...missing.index.filter((privilege) => EXPORT.includes(privilege)),
        ...(CREATE_INDEX.every((privilege) => missing.index.includes(privilege)) ? ['auto_configure'] : []),
      ],
    };
    const useful = { cluster: missing.cluster.filter((privilege) => privilege === 'read_ilm'), index: missing.index.filter((privilege) => privilege === 'monitor') };
    const grant = `PUT _security/role/${config.index}-writer ${JSON.stringify(writerRole(config.index))}, and give that role to the user or key`;
    if (needed.cluster.length + needed.index.length > 0) {
      return fail(`missing for export or search: ${describePrivileges(needed, names)}`, grant);
    }
    if (useful.cluster.length + useful.index.length > 0) {
      return warn(`enough for export and search; missing for a whole report: ${describePrivileges(useful, names)}`, grant);
    }
    return ok(`enough for export and search of ${names.join(' and ')}`);
  },
};
