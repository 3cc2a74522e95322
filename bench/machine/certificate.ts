import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LocalCertificate {
  readonly caFile: string;
  readonly keyFile: string;
  readonly certFile: string;
}

/** A throw-away authority and its certificate for localhost and 127.0.0.1, made by the openssl program. */
export function makeCertificate(dir: string): LocalCertificate {
  const openssl = (...args: string[]): void => { execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' }); };
  const key = (file: string): void => { openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file); };
  writeFileSync(join(dir, 'extensions'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n');
  key('ca.key');
  openssl('req', '-x509', '-new', '-key', 'ca.key', '-sha256', '-days', '30', '-subj', '/CN=bench local CA', '-out', 'ca.pem',
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
  key('server.key');
  openssl('req', '-new', '-key', 'server.key', '-subj', '/CN=localhost', '-out', 'server.csr');
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-sha256', '-days', '30', '-extfile', 'extensions', '-out', 'server.pem');
  return { caFile: join(dir, 'ca.pem'), keyFile: join(dir, 'server.key'), certFile: join(dir, 'server.pem') };
}
