import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const DAY_MS = 86_400_000;

/** A certificate for localhost that is its own authority, valid for so many days from yesterday on (or until some days ago). */
export function selfSigned(parent: string, name: string, { days, san = 'DNS:localhost' }: { readonly days: number; readonly san?: string }): SelfSigned {
  const folder = join(parent, name);
  mkdirSync(folder);
  const path = (file: string): string => join(folder, file);
  writeFileSync(path('index.txt'), '');
  writeFileSync(path('serial'), '01\n');
  writeFileSync(path('ca.cnf'), `[ca]
default_ca=own
[own]
database=${path('index.txt')}
serial=${path('serial')}
new_certs_dir=${folder}
default_md=sha256
policy=any
[any]
commonName=supplied
[v3]
subjectAltName=${san}
[req]
distinguished_name=dn
[dn]
`);
  const openssl = (...args: string[]): void => { execFileSync('openssl', args, { stdio: 'ignore' }); };
  openssl('req', '-new', '-config', path('ca.cnf'), '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', path('key.pem'), '-out', path('csr.pem'));
  // Only `ca` takes dates in the past, on every version.
  openssl('ca', '-batch', '-selfsign', '-notext', '-config', path('ca.cnf'), '-extensions', 'v3', '-keyfile', path('key.pem'), '-in', path('csr.pem'), '-out', path('cert.pem'),
    '-startdate', asn1(Date.now() - 400 * DAY_MS), '-enddate', asn1(Date.now() + days * DAY_MS));
  return { key: readFileSync(path('key.pem'), 'utf8'), cert: readFileSync(path('cert.pem'), 'utf8'), certFile: path('cert.pem'), keyFile: path('key.pem') };
}

function asn1(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}
