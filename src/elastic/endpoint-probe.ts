import { lookup } from 'node:dns/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { endpointOf, type Endpoint } from './endpoint.js';
import { chainOf, endsWithRoot, findPinned, pinnedIn, trustOnly } from './pinned-authority.js';

export { endpointOf, type Endpoint } from './endpoint.js';

/** The outermost layer that failed between here and a node. */
export type Layer = 'dns' | 'tcp' | 'tls' | 'http';

/** What is wrong, and what fixes it. */
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
  /** SHA-256 of the root, which is what is pinned; undefined where the server does not send it. */
  readonly authoritySha256: string | undefined;
  /** Names of the certificates, the server's own first. */
  readonly chain: readonly string[];
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** Node's code of what is wrong with it, if anything. */
  readonly problem: string | undefined;
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
  const where = whereabouts(endpoint);
  const pinned = options.fingerprint === undefined ? undefined : await pinnedFor(endpoint, options, options.fingerprint);
  const { shown, error } = await readCertificate(host, port, options, pinned === undefined ? {} : trustOnly(pinned));
  if (shown !== undefined && wantsClientCertificate(error ?? '')) return { shown, problem: clientCertificateWords(where) };
  if (shown === undefined) return { problem: await noHandshake(host, port, where, options, error) };
  const problem = options.fingerprint === undefined ? certificateWords(shown, where, options) : pinnedWords(shown, where, options, pinned !== undefined);
  return { shown, ...(problem !== undefined && { problem }) };
}

async function pinnedFor({ host, port }: Endpoint, { ca, client, timeoutMs }: ProbeOptions, fingerprint: string): Promise<string | undefined> {
  const inFile = ca === undefined ? undefined : pinnedIn(ca, fingerprint);
  if (inFile !== undefined) return inFile;
  const shown = await findPinned({ host, port, timeoutMs, ...client }, fingerprint);
  return shown.found ? shown.pem : undefined;
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
  if (!options.verify || shown.problem === undefined) return undefined;
  const pin = shown.authoritySha256 === undefined ? 'the server does not send its root certificate' : `SHA-256 of its authority: ${shown.authoritySha256}`;
  const known = ownFault(shown, where);
  if (known !== undefined) return known;
  if (options.ca !== undefined) {
    return { message: `the certificate of ${where}, issued by ${shown.issuer}, is not from the authority in ELASTICSEARCH_CA_FILE (${shown.problem}; ${pin})`, fix: 'Set ELASTICSEARCH_CA_FILE to the authority of this cluster (http_ca.crt in its certs folder).' };
  }
  const fingerprint = shown.authoritySha256 === undefined ? '' : ', or ELASTICSEARCH_CA_FINGERPRINT to the value above once you have compared it on the server';
  return {
    message: `the certificate of ${where}, issued by ${shown.issuer}, is from an authority that this machine does not know (${shown.problem}; ${pin})`,
    fix: `Set ELASTICSEARCH_CA_FILE to the cluster's http_ca.crt${fingerprint}.`,
  };
}

/** What is wrong where an authority is pinned; `found`: the server, or the file, has the pinned certificate. */
function pinnedWords(shown: Certificate, where: string, options: ProbeOptions, found: boolean): Words | undefined {
  if (!found && shown.authoritySha256 === undefined) {
    return {
      message: `${where} shows no certificate with the pinned fingerprint: what it sends ends before the root (${shown.chain.join(' ← ')})`,
      fix: 'Set ELASTICSEARCH_CA_FILE to the certificate of the authority instead of ELASTICSEARCH_CA_FINGERPRINT, or let the server send its whole chain.',
    };
  }
  if (!found) {
    return {
      message: `the certificate of ${where} is not of the authority that is pinned (SHA-256 of its authority: ${String(shown.authoritySha256)})`,
      fix: 'If that is your cluster, set ELASTICSEARCH_CA_FINGERPRINT to this value; if not, somebody is in between.',
    };
  }
  if (shown.problem === undefined || (!options.verify && shown.problem === WRONG_NAME)) return undefined;
  return ownFault(shown, where) ?? {
    message: `the certificate of ${where} names the pinned authority as its issuer, but was not signed by it (${shown.problem})`,
    fix: 'Somebody may be in between: compare the certificate with the one of the cluster before anything is sent.',
  };
}

const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';

/** What is wrong with a certificate whoever has issued it. */
function ownFault(shown: Certificate, where: string): Words | undefined {
  if (shown.problem === 'CERT_HAS_EXPIRED') {
    const expired = shown.validTo > Date.now() ? `a certificate in the chain of ${where} has expired` : `the certificate of ${where} expired on ${new Date(shown.validTo).toISOString().slice(0, 10)}`;
    return { message: expired, fix: 'Renew the certificate of the cluster.' };
  }
  if (shown.problem === 'CERT_NOT_YET_VALID') {
    return { message: `the certificate of ${where} is not valid yet`, fix: 'Set the clock of this machine, or renew the certificate of the cluster.' };
  }
  if (shown.problem === WRONG_NAME) {
    return { message: `the certificate of ${where} is for ${shown.names}, not for this host`, fix: 'Use one of these names in ELASTICSEARCH_URL, or issue a certificate that has this host.' };
  }
  return undefined;
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
function readCertificate(host: string, port: number, options: ProbeOptions, trust: ConnectionOptions = {}): Promise<{ readonly shown?: Certificate; readonly error?: string }> {
  return new Promise((resolve) => {
    const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const socket: TLSSocket = connectTls({ host, port, ...named, rejectUnauthorized: false, ...(options.ca !== undefined && { ca: options.ca }), ...trust, ...options.client });
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
  const chain = chainOf(leaf);
  const error = socket.authorizationError as unknown;
  const problem = error instanceof Error ? (error as NodeJS.ErrnoException).code ?? error.message : typeof error === 'string' ? error : undefined;
  return {
    subject: String(leaf.subject.CN), issuer: String(leaf.issuer.CN), names: leaf.subjectaltname ?? String(leaf.subject.CN),
    validTo: Date.parse(leaf.valid_to), authoritySha256: endsWithRoot(chain) ? chain.at(-1)?.fingerprint256 : undefined, problem,
    chain: chain.map(({ subject }) => String(subject.CN)), protocol: socket.getProtocol() ?? 'an unknown protocol',
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
