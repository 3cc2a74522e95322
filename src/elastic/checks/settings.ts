import type { ElasticsearchConfig } from '../../config/config.js';
import { cloudUrl } from '../cloud-url.js';
import { endpointOf, type Endpoint } from '../endpoint-probe.js';
import { checkIndexName } from '../index-name.js';
import { type Check, fail, ok, warn } from './check.js';

const LOOPBACK = /^(localhost|127\.[\d.]+|::1)$/;

/** What is asked for, before anything is: addresses, credentials, name. */
export const settings: Check = {
  id: 'settings',
  title: 'Settings',
  needs: [],
  run(context) {
    const { config } = context;
    checkIndexName(config.index);
    const url = config.cloudId === undefined ? undefined : cloudUrl(config.cloudId);
    if (config.cloudId !== undefined && url === undefined) {
      return Promise.resolve(fail('ELASTICSEARCH_CLOUD_ID is not of the form that the cloud console shows', 'Copy it from the page of the deployment: a name, a colon and a base64 text.'));
    }
    const endpoints = (url === undefined ? config.urls : [url]).map(endpointOf);
    context.endpoints = endpoints;
    const seen = `${endpoints.map((endpoint) => endpoint.url).join(', ')}, ${credentials(config)}, index ${config.index}${config.layout === undefined ? '' : `, layout ${config.layout}`}`;
    const open = endpoints.filter(isOpen);
    if (open.length > 0 && hasSecret(config)) {
      return Promise.resolve(warn(`${seen}; credentials travel unencrypted to ${open.map((endpoint) => endpoint.url).join(', ')}`, 'Turn TLS on in Elasticsearch and write https in ELASTICSEARCH_URL.'));
    }
    return Promise.resolve(ok(seen));
  },
};

function isOpen({ secure, host }: Endpoint): boolean {
  return !secure && !LOOPBACK.test(host);
}

function hasSecret(config: ElasticsearchConfig): boolean {
  return [config.password, config.passwordFile, config.apiKey, config.apiKeyFile].some((secret) => secret !== undefined);
}

function credentials(config: ElasticsearchConfig): string {
  if (config.apiKey !== undefined) return 'an API key';
  if (config.apiKeyFile !== undefined) return `the API key in ${config.apiKeyFile}`;
  if (config.passwordFile !== undefined) return `user ${config.username ?? ''} with the password in ${config.passwordFile}`;
  return config.username === undefined && config.password === undefined ? 'no credentials' : `user ${config.username ?? ''} with a password`;
}
