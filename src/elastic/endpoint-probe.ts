import { lookup } from 'node:dns/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';

/** The outermost layer that failed between here and a node. */
export type Layer = 'dns' | 'tcp' | 'tls' | 'http';

export interface Diagnosis {
  readonly layer: Layer;
  readonly message: string;
  readonly fix: string;
}

export interface ProbeOptions {
  /** PEM of the certificate authority, where one is configured. */
  readonly ca?: string;
  /** SHA-256 of the authority, where one is pinned. */
  readonly fingerprint?: string;
  /** False where certificates are not checked at all. */
  readonly verify: boolean;
  readonly timeoutMs: number;
}

/** What a TLS server showed. */
export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  readonly names: string;
  /** Milliseconds since the epoch. */
  readonly validTo: number;
  /** SHA-256 of the last certificate of the chain, which is what is pinned. */
  readonly authoritySha256: string;
  /** Node's code of what is wrong with it, if anything. */
  readonly problem: string | undefined;
}

/** Goes layer by layer to a node that did not answer, and says at which it ends; undefined where every layer works. */
export async function diagnoseEndpoint(url: string, options: ProbeOptions): Promise<Diagnosis | undefined> {
  const { protocol, hostname, port: written } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const secure = protocol === 'https:';
  const port = written === '' ? (secure ? 443 : 80) : Number(written);
  const where = `${host}:${String(port)}`;
  try {
    await lookup(host);
  } catch {
    return { layer: 'dns', message: `the host name ${host} does not resolve`, fix: 'Check the host in ELASTICSEARCH_URL, and the DNS of this machine.' };
  }
  const tcp = await tryTcp(host, port, options.timeoutMs);
  if (tcp !== undefined) return { layer: 'tcp', ...tcpWords(tcp, where) };
  return secure ? diagnoseTls(host, port, where, options) : diagnosePlain(host, port, where, options);
}

async function diagnoseTls(host: string, port: number, where: string, options: ProbeOptions): Promise<Diagnosis | undefined> {
  const shown = await readCertificate(host, port, options);
  if (shown !== undefined) {
    const words = certificateWords(shown, where, options);
    return words === undefined ? undefined : { layer: 'tls', ...words };
  }
  const plain = await readPlain(host, port, options.timeoutMs);
  if (plain.startsWith('This is not an HTTP port')) return transportPort(where);
  if (plain.startsWith('HTTP/')) {
    return { layer: 'tls', message: `${where} speaks plain HTTP, and ELASTICSEARCH_URL says https`, fix: `Write http://${where} in ELASTICSEARCH_URL, or turn TLS on in Elasticsearch (xpack.security.http.ssl.enabled).` };
  }
  return { layer: 'tls', message: `${where} accepts connections, but no TLS handshake succeeds`, fix: 'Check that the port is the HTTP port of Elasticsearch (9200), and what stands in between.' };
}

async function diagnosePlain(host: string, port: number, where: string, options: ProbeOptions): Promise<Diagnosis | undefined> {
  const plain = await readPlain(host, port, options.timeoutMs);
  if (plain.startsWith('This is not an HTTP port')) return transportPort(where);
  const isTlsAlert = plain.charCodeAt(0) === 0x15;
  if (!isTlsAlert && plain.startsWith('HTTP/') && !/^HTTP\/1\.\d 400[^]*HTTPS port/.test(plain)) return undefined;
  if ((await readCertificate(host, port, options)) !== undefined) {
    return { layer: 'http', message: `${where} speaks TLS, and ELASTICSEARCH_URL says http`, fix: `Write https://${where} in ELASTICSEARCH_URL, with ELASTICSEARCH_CA_FILE where its certificate is from a private authority.` };
  }
  const what = plain === '' ? 'closes them without an answer' : 'does not speak HTTP';
  return { layer: 'http', message: `${where} accepts connections, but ${what}`, fix: 'Check that the port is the HTTP port of Elasticsearch (9200), and what stands in between.' };
}

function transportPort(where: string): Diagnosis {
  return { layer: 'http', message: `${where} is the transport port of Elasticsearch, which nodes use among themselves`, fix: 'Use the HTTP port in ELASTICSEARCH_URL: usually 9200 instead of 9300.' };
}

function tcpWords(code: string, where: string): { message: string; fix: string } {
  if (code === 'ECONNREFUSED') return { message: `nothing listens on ${where}`, fix: 'Start Elasticsearch, or correct host and port in ELASTICSEARCH_URL.' };
  if (code === 'ETIMEDOUT') return { message: `${where} does not answer at all: the host is down, or a firewall drops the packets`, fix: 'Check the host, the port and the firewalls between this machine and the cluster.' };
  return { message: `no connection to ${where} (${code})`, fix: 'Check the network between this machine and the cluster, and ELASTICSEARCH_URL.' };
}

function certificateWords(shown: Certificate, where: string, options: ProbeOptions): { message: string; fix: string } | undefined {
  const pin = `SHA-256 of its authority: ${shown.authoritySha256}`;
  if (options.fingerprint !== undefined) {
    if (bare(options.fingerprint) === bare(shown.authoritySha256)) return undefined;
    return { message: `the certificate of ${where} is not of the authority that is pinned (${pin})`, fix: 'If that is your cluster, set ELASTICSEARCH_CA_FINGERPRINT to this value; if not, somebody is in between.' };
  }
  if (!options.verify || shown.problem === undefined) return undefined;
  if (shown.problem === 'CERT_HAS_EXPIRED') {
    return { message: `the certificate of ${where} expired on ${new Date(shown.validTo).toISOString().slice(0, 10)}`, fix: 'Renew the certificate of the cluster.' };
  }
  if (shown.problem === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return { message: `the certificate of ${where} is for ${shown.names}, not for this host`, fix: 'Use one of these names in ELASTICSEARCH_URL, or issue a certificate that has this host.' };
  }
  if (options.ca !== undefined) {
    return { message: `the certificate of ${where}, issued by ${shown.issuer}, is not from the authority in ELASTICSEARCH_CA_FILE (${shown.problem}; ${pin})`, fix: 'Set ELASTICSEARCH_CA_FILE to the authority of this cluster (http_ca.crt in its certs folder).' };
  }
  return { message: `the certificate of ${where}, issued by ${shown.issuer}, is from an authority that this machine does not know (${shown.problem}; ${pin})`, fix: 'Set ELASTICSEARCH_CA_FILE to the cluster\'s http_ca.crt, or ELASTICSEARCH_CA_FINGERPRINT to the value above once you have compared it on the server.' };
}

function bare(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** The error code of a TCP connection, or undefined when it was made. */
function tryTcp(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    const end = (code: string | undefined): void => { socket.destroy(); resolve(code); };
    socket.setTimeout(timeoutMs, () => { end('ETIMEDOUT'); });
    socket.once('connect', () => { end(undefined); });
    socket.once('error', (error: NodeJS.ErrnoException) => { end(error.code ?? error.message); });
  });
}

/** Shakes hands without trusting, and reads what the server shows; undefined where it speaks no TLS. */
export function readCertificate(host: string, port: number, options: ProbeOptions): Promise<Certificate | undefined> {
  return new Promise((resolve) => {
    const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const socket: TLSSocket = connectTls({ host, port, ...named, rejectUnauthorized: false, ...(options.ca !== undefined && { ca: options.ca }) });
    const end = (certificate: Certificate | undefined): void => { socket.destroy(); resolve(certificate); };
    socket.setTimeout(options.timeoutMs, () => { end(undefined); });
    socket.once('error', () => { end(undefined); });
    socket.once('secureConnect', () => { end(certificateOf(socket)); });
  });
}

function certificateOf(socket: TLSSocket): Certificate {
  const leaf = socket.getPeerCertificate(true);
  let last: DetailedPeerCertificate = leaf;
  for (let i = 0; i < 10 && last.issuerCertificate !== undefined && last.issuerCertificate !== last; i++) last = last.issuerCertificate;
  const error = socket.authorizationError as unknown;
  const problem = error instanceof Error ? (error as NodeJS.ErrnoException).code ?? error.message : typeof error === 'string' ? error : undefined;
  return {
    subject: String(leaf.subject.CN), issuer: String(leaf.issuer.CN), names: leaf.subjectaltname ?? String(leaf.subject.CN),
    validTo: Date.parse(leaf.valid_to), authoritySha256: last.fingerprint256, problem,
  };
}

/** The first bytes that a plain HTTP request gets, as latin1; empty where the connection is closed without any. */
function readPlain(host: string, port: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connectTcp({ host, port });
    let text = '';
    const end = (): void => { socket.destroy(); resolve(text); };
    socket.setTimeout(timeoutMs, end);
    socket.once('error', end);
    socket.once('close', end);
    socket.once('connect', () => { socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`); });
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (text.length > 200) end();
    });
  });
}
