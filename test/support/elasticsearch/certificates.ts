import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locked, openCache } from './cache.js';
import { runCommand } from './run-command.js';

export interface Certificates {
  readonly caFile: string;
  /** SHA-256 of the CA, upper-case hex pairs with colons. */
  readonly caFingerprint: string;
  /** The server's certificate with the CA behind it: clients look for the fingerprint in the served chain. */
  readonly certFile: string;
  readonly keyFile: string;
}

/** One certificate authority and one server certificate for localhost, kept for all test servers. */
export async function ensureCertificates(): Promise<Certificates> {
  const dir = join(await openCache(), 'tls');
  await locked('tls', async () => {
    if (!existsSync(dir)) await make(dir);
  });
  const caFile = join(dir, 'ca.crt');
  return { caFile, caFingerprint: new X509Certificate(await readFile(caFile)).fingerprint256, certFile: join(dir, 'http.crt'), keyFile: join(dir, 'http.key') };
}

async function make(dir: string): Promise<void> {
  const cwd = await mkdtemp(`${dir}.`);
  const openssl = (...args: string[]): Promise<string> => runCommand('openssl', args, { cwd });
  await writeFile(join(cwd, 'ca.cnf'), '[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n');
  await writeFile(join(cwd, 'http.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n');
  await openssl('req', '-x509', '-config', 'ca.cnf', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=gateway-test-ca', '-keyout', 'ca.key', '-out', 'ca.crt');
  await openssl('req', '-config', 'ca.cnf', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', 'http.key', '-out', 'http.csr');
  await openssl('x509', '-req', '-in', 'http.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '3650', '-out', 'http.crt', '-extfile', 'http.ext');
  await appendFile(join(cwd, 'http.crt'), await readFile(join(cwd, 'ca.crt')));
  await rename(cwd, dir);
}
