import type { Certificate } from '../endpoint-probe.js';
import { type CheckContext, type Finding, ok, warn } from './check.js';

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

/** What a certificate that is trusted, or not looked at, shows. */
export function tlsFinding(shown: Certificate, { config, now }: CheckContext): Finding {
  const days = Math.floor((shown.validTo - now()) / DAY_MS);
  const authority = shown.authoritySha256 === undefined ? 'the root is not sent' : `SHA-256 of its authority ${shown.authoritySha256}`;
  const message = `${shown.protocol}, chain ${shown.chain.join(' ← ')}, valid for ${String(days)} more days, names ${shown.names}, ${authority}`;
  if (!config.tlsVerify && config.caFingerprint === undefined) {
    return warn(`certificates are not checked (ELASTICSEARCH_TLS_VERIFY=false): ${message}`, `Set ELASTICSEARCH_CA_FILE${shown.authoritySha256 === undefined ? '' : `, or ELASTICSEARCH_CA_FINGERPRINT=${shown.authoritySha256}`}, and remove ELASTICSEARCH_TLS_VERIFY.`);
  }
  return days < SOON_DAYS ? warn(message, 'Renew the certificate of the cluster.') : ok(message);
}
