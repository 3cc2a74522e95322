import type { ElasticsearchConfig } from '../../config/config.js';
import { errorOf, isGood } from '../answers.js';
import { listAt, stringAt } from '../json.js';
import { isSecurityOff } from '../privileges.js';
import { type Check, fail, type Finding, ok, warn } from './check.js';

/** Who am I: the credentials are accepted. */
export const authentication: Check = {
  id: 'authentication',
  title: 'Authentication',
  needs: ['elasticsearch'],
  async run(context) {
    const { elastic, config } = context;
    const answer = await elastic.request({ method: 'GET', path: '/_security/_authenticate' });
    if (isSecurityOff(answer)) {
      context.securityOff = true;
      return warn('security is off: whoever reaches the cluster may read and change everything', 'On any machine but your own, turn on xpack.security.enabled in Elasticsearch.');
    }
    if (answer.status === 401) return refused(config, stringAt(answer.body, 'error', 'additional_unsuccessful_credentials') ?? errorOf(answer).reason);
    if (!isGood(answer)) return fail(`who we are could not be asked (HTTP ${String(answer.status)}, ${errorOf(answer).reason})`, 'Look at the log of the node, and at proxies in between.');
    const user = stringAt(answer.body, 'username') ?? 'somebody';
    const key = stringAt(answer.body, 'api_key', 'name');
    const type = stringAt(answer.body, 'authentication_type');
    if (type === 'anonymous') return warn(`no credentials were sent, and the cluster lets everybody in as ${user}`, 'Set ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or ELASTICSEARCH_API_KEY.');
    if (type === 'api_key') return ok(`API key ${key ?? ''} of ${user}`.replace('  ', ' '));
    const realm = stringAt(answer.body, 'authentication_realm', 'name');
    const roles = listAt(answer.body, 'roles').join(', ');
    return ok(`${user}${realm === undefined ? '' : `, realm ${realm}`}, ${roles === '' ? 'no roles' : `roles ${roles}`}`);
  },
};

function refused(config: ElasticsearchConfig, reason: string): Finding {
  if (config.apiKey !== undefined || config.apiKeyFile !== undefined) {
    const why = reason.includes('expired') ? 'has expired' : reason.includes('invalidated') ? 'was revoked' : 'was refused';
    return fail(`the API key ${why} (${reason})`, 'Make a new API key and set ELASTICSEARCH_API_KEY (or the file that ELASTICSEARCH_API_KEY_FILE names).');
  }
  if (config.username === undefined && config.password === undefined && config.passwordFile === undefined) {
    return fail('the cluster asks for credentials, and none are set', 'Set ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or ELASTICSEARCH_API_KEY.');
  }
  return fail(`user name or password is wrong for ${config.username ?? 'an empty user name'} (${reason})`, 'Correct ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD (or the file that ELASTICSEARCH_PASSWORD_FILE names).');
}
