import { lookup } from 'node:dns/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';

/** The outermost layer that failed between here and a node. */
export type Layer = 'dns' | 'tcp' | 'tls' | 'http';

/** What is wrong, and what mends it. */
export interface Words {
  readonly message: string;
  readonly fix: string;
}

export interface Diagnosis extends Words {
  readonly layer: Layer;
}

export interface ProbeOptions {
  /** PEM of the certificate authority, where one is configured. */
  readonly ca?: string;
  /** SHA-256 of the authority, where one is pinned. */
  readonly fingerprint?: string;
  /** PEM of what the client shows of itself, where the cluster asks for that. */
  readonly client?: { readonly cert: string; readonly key: string };
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
  /** Names of the certificates, the server's own first. */
  readonly chain: readonly string[];
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** Node's code of what is wrong with it, if anything. */
  readonly problem: string | undefined;
}

/** A node as an address. */
export interface Endpoint {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

export function endpointOf(url: string): Endpoint {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === 'https:';
  return { url, host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (secure ? 443 : 80) : Number(port), secure };
}

/** Goes layer by layer to a node that did not answer, and says at which it ends; undefined where every layer works. */
export async function diagnoseEndpoint(url: string, options: ProbeOptions): Promise<Diagnosis | undefined> {
  const endpoint = endpointOf(url);
  const { host, port, secure } = endpoint;
  const addresses = await resolveHost(host);
  if (addresses === undefined) return { layer: 'dns', ...unresolved(host) };
  const tcp = await tcpProblem(endpoint, options.timeoutMs);
  if (tcp !== undefined) return { layer: 'tcp', ...tcp };
  if (!secure) return diagnosePlain(host, port, whereabouts(endpoint), options);
  const { problem } = await probeTls(endpoint, options);
  return problem === undefined ? undefined : { layer: 'tls', ...problem };
}

/** The addresses of a host; undefined where it has none. */
export async function resolveHost(host: string): Promise<string[] | undefined> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return undefined;
  }
}

export function unresolved(host: string): Words {
  return { message: `the host name ${host} does not resolve`, fix: 'Check the host in ELASTICSEARCH_URL, and the DNS of this machine.' };
}

/** What keeps a connection from being made, if anything. */
export async function tcpProblem(endpoint: Endpoint, timeoutMs: number): Promise<Words | undefined> {
  const code = await tryTcp(endpoint.host, endpoint.port, timeoutMs);
  return code === undefined ? undefined : tcpWords(code, whereabouts(endpoint));
}

/** What the handshake shows, and what is wrong with it, if anything. */
export async function probeTls(endpoint: Endpoint, options: ProbeOptions): Promise<{ readonly shown?: Certificate; readonly problem?: Words }> {
  const { host, port } = endpoint;
  const { shown, error } = await readCertificate(host, port, options);
  if (shown !== undefined && wantsClientCertificate(error ?? '')) return { shown, problem: clientCertificateWords(whereabouts(endpoint)) };
  const problem = shown === undefined ? await noHandshake(host, port, whereabouts(endpoint), options, error) : certificateWords(shown, whereabouts(endpoint), options);
  return { ...(shown !== undefined && { shown }), ...(problem !== undefined && { problem }) };
}

export function whereabouts({ host, port }: Endpoint): string {
  return `${host}:${String(port)}`;
}

async function noHandshake(host: string, port: number, where: string, options: ProbeOptions, error = ''): Promise<Words> {
  if (wantsClientCertificate(error)) return clientCertificateWords(where);
  const plain = await readPlain(host, port, options.timeoutMs);
  if (plain.startsWith('This is not an HTTP port')) return transportPort(where);
  if (plain.startsWith('HTTP/')) {
    return { message: `${where} speaks plain HTTP, and ELASTICSEARCH_URL says https`, fix: `Write http://${where} in ELASTICSEARCH_URL, or turn TLS on in Elasticsearch (xpack.security.http.ssl.enabled).` };
  }
  return { message: `${where} accepts connections, but no TLS handshake succeeds`, fix: 'Check that the port is the HTTP port of Elasticsearch (9200), and what stands in between.' };
}

async function diagnosePlain(host: string, port: number, where: string, options: ProbeOptions): Promise<Diagnosis | undefined> {
  const plain = await readPlain(host, port, options.timeoutMs);
  if (plain.startsWith('This is not an HTTP port')) return transportPort(where);
  const isTlsAlert = plain.charCodeAt(0) === 0x15;
  if (!isTlsAlert && plain.startsWith('HTTP/') && !/^HTTP\/1\.\d 400[^]*HTTPS port/.test(plain)) return undefined;
  if ((await readCertificate(host, port, options)).shown !== undefined) {
    return { layer: 'http', message: `${where} speaks TLS, and ELASTICSEARCH_URL says http`, fix: `Write https://${where} in ELASTICSEARCH_URL, with ELASTICSEARCH_CA_FILE where its certificate is from a private authority.` };
  }
  const what = plain === '' ? 'closes them without an answer' : 'does not speak HTTP';
  return { layer: 'http', message: `${where} accepts connections, but ${what}`, fix: 'Check that the port is the HTTP port of Elasticsearch (9200), and what stands in between.' };
}

function transportPort(where: string): Diagnosis {
  return { layer: 'http', message: `${where} is the transport port of Elasticsearch, which nodes use among themselves`, fix: 'Use the HTTP port in ELASTICSEARCH_URL: usually 9200 instead of 9300.' };
}

function tcpWords(code: string, where: string): Words {
  if (code === 'ECONNREFUSED') return { message: `nothing listens on ${where}`, fix: 'Start Elasticsearch, or correct host and port in ELASTICSEARCH_URL.' };
  if (code === 'ETIMEDOUT') return { message: `${where} does not answer at all: the host is down, or a firewall drops the packets`, fix: 'Check the host, the port and the firewalls between this machine and the cluster.' };
  return { message: `no connection to ${where} (${code})`, fix: 'Check the network between this machine and the cluster, and ELASTICSEARCH_URL.' };
}

function certificateWords(shown: Certificate, where: string, options: ProbeOptions): Words | undefined {
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

/** Whether an error of TLS is the server's alert about a certificate that it did not get, or does not trust. */
function wantsClientCertificate(error: string): boolean {
  return /alert (certificate required|bad certificate|handshake failure|unknown ca)|ALERT_(BAD_CERTIFICATE|HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED|UNKNOWN_CA)/i.test(error);
}

function clientCertificateWords(where: string): Words {
  return { message: `${where} wants a certificate from the client, or does not trust the one that it gets`, fix: 'Set ELASTICSEARCH_CERT_FILE and ELASTICSEARCH_KEY_FILE to a certificate that the cluster trusts.' };
}

/** Shakes hands without trusting, and reads what the server shows, or why it breaks off; neither where nothing comes. */
function readCertificate(host: string, port: number, options: ProbeOptions): Promise<{ readonly shown?: Certificate; readonly error?: string }> {
  return new Promise((resolve) => {
    const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const socket: TLSSocket = connectTls({ host, port, ...named, rejectUnauthorized: false, ...(options.ca !== undefined && { ca: options.ca }), ...options.client });
    let seen: { readonly shown?: Certificate } = {};
    const end = (): void => { socket.destroy(); resolve(seen); };
    socket.setTimeout(options.timeoutMs, end);
    socket.once('error', (error: NodeJS.ErrnoException) => { socket.destroy(); resolve({ ...seen, error: `${error.code ?? ''} ${error.message}` }); });
    socket.once('secureConnect', () => {
      seen = { shown: certificateOf(socket) };
      // TLS 1.3 refuses a client's certificate only after the handshake: any byte of an answer says that it did not.
      socket.once('data', end).once('close', end);
      socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    });
  });
}

function certificateOf(socket: TLSSocket): Certificate {
  const leaf = socket.getPeerCertificate(true);
  let last: DetailedPeerCertificate = leaf;
  const chain = [String(leaf.subject.CN)];
  // The last one refers to itself, or to nothing where the server does not send the authority.
  for (let next = issuerOf(last); next !== undefined && chain.length < 10; next = issuerOf(last)) {
    last = next;
    chain.push(String(last.subject.CN));
  }
  const error = socket.authorizationError as unknown;
  const problem = error instanceof Error ? (error as NodeJS.ErrnoException).code ?? error.message : typeof error === 'string' ? error : undefined;
  return {
    subject: String(leaf.subject.CN), issuer: String(leaf.issuer.CN), names: leaf.subjectaltname ?? String(leaf.subject.CN),
    validTo: Date.parse(leaf.valid_to), authoritySha256: last.fingerprint256, problem,
    chain, protocol: socket.getProtocol() ?? 'an unknown protocol',
  };
}

function issuerOf(certificate: DetailedPeerCertificate): DetailedPeerCertificate | undefined {
  const { issuerCertificate } = certificate as Partial<DetailedPeerCertificate>;
  return issuerCertificate === certificate ? undefined : issuerCertificate;
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
