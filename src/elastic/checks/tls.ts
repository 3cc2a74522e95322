import { readCertificate } from '../endpoint-probe.js';
import { type Check, ok, skip, warn } from './check.js';

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** What the first node's certificate shows, and whether credentials travel in the clear. */
export const tls: Check = {
  id: 'tls',
  title: 'TLS',
  needs: ['reachable'],
  async run({ config, ca, now, timeoutMs }) {
    const plain = config.urls.filter((url) => url.startsWith('http:') && !LOOPBACK.test(new URL(url).hostname));
    const secret = config.password !== undefined || config.apiKey !== undefined || config.passwordFile !== undefined || config.apiKeyFile !== undefined;
    if (plain.length > 0 && secret) return warn(`credentials travel unencrypted to ${plain.join(', ')}`, 'Turn TLS on in Elasticsearch and write https in ELASTICSEARCH_URL.');
    const url = config.urls.find((each) => each.startsWith('https:'));
    if (url === undefined) return skip('plain HTTP on this machine, or without credentials');
    const { hostname, port } = new URL(url);
    const shown = await readCertificate(hostname.replace(/^\[|\]$/g, ''), port === '' ? 443 : Number(port), { verify: config.tlsVerify, timeoutMs, ...(ca !== undefined && { ca }) });
    if (shown === undefined) return skip('the certificate could not be read (a proxy in between?)');
    const days = Math.floor((shown.validTo - now()) / DAY_MS);
    const message = `certificate of ${shown.subject}, issued by ${shown.issuer}, valid for ${String(days)} more days, names ${shown.names}, SHA-256 of its authority ${shown.authoritySha256}`;
    if (!config.tlsVerify && config.caFingerprint === undefined) return warn(`certificates are not checked (ELASTICSEARCH_TLS_VERIFY=false): ${message}`, `Set ELASTICSEARCH_CA_FILE, or ELASTICSEARCH_CA_FINGERPRINT=${shown.authoritySha256}, and remove ELASTICSEARCH_TLS_VERIFY.`);
    if (days < SOON_DAYS) return warn(message, 'Renew the certificate of the cluster.');
    return ok(message);
  },
};
