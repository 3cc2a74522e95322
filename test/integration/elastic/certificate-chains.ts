import { execFileSync } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate with its key, and how it is pinned. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly sha256: string;
}

export interface IssueOptions {
  /** Name of the subject; the file's name unless given. */
  readonly subject?: string;
  /** Who signs; the certificate itself unless given. */
  readonly by?: Issued;
  readonly authority?: boolean;
  /** Host names and addresses, as openssl writes them. */
  readonly names?: string;
  /** Days from now until it expires; less than 0 for one that has expired. */
  readonly days?: number;
  /** Leaves out the ids of keys: only the issuer's name says who has signed. */
  readonly byNameAlone?: boolean;
}

const DAY_MS = 86_400_000;

/** Issues a certificate under `parent`. */
export function issue(parent: string, name: string, { subject = name, by, authority = false, names = 'DNS:localhost,IP:127.0.0.1', days = 400, byNameAlone = false }: IssueOptions): Issued {
  const folder = join(parent, name);
  mkdirSync(folder);
  const path = (file: string): string => join(folder, file);
  const [certFile, keyFile] = [path('cert.pem'), path('key.pem')];
  writeFileSync(path('index.txt'), '');
  writeFileSync(path('serial'), `${randomBytes(8).toString('hex')}\n`);
  const extensions = authority ? 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign' : `subjectAltName=${names}${byNameAlone ? '\nauthorityKeyIdentifier=none\nsubjectKeyIdentifier=none' : ''}`;
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
${extensions}
[req]
distinguished_name=dn
[dn]
`);
  const openssl = (...args: string[]): void => { execFileSync('openssl', args, { stdio: 'ignore' }); };
  openssl('req', '-new', '-config', path('ca.cnf'), '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${subject}`, '-keyout', keyFile, '-out', path('csr.pem'));
  openssl('ca', '-batch', '-notext', '-config', path('ca.cnf'), '-extensions', 'v3', '-in', path('csr.pem'), '-out', certFile,
    ...(by === undefined ? ['-selfsign', '-keyfile', keyFile] : ['-cert', by.certFile, '-keyfile', by.keyFile]),
    '-startdate', asn1(Date.now() - 400 * DAY_MS), '-enddate', asn1(Date.now() + days * DAY_MS));
  const cert = readFileSync(certFile, 'utf8');
  return { cert, key: readFileSync(keyFile, 'utf8'), certFile, keyFile, sha256: new X509Certificate(cert).fingerprint256 };
}

function asn1(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}
