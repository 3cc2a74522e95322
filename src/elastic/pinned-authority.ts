import { X509Certificate } from 'node:crypto';
import { connect, type ConnectionOptions, type DetailedPeerCertificate } from 'node:tls';

/*
 * ELASTICSEARCH_CA_FINGERPRINT names a certificate. A fingerprint alone cannot check a chain: Node links the certificates
 * that a server shows by name, not by signature. So the pinned certificate is taken out of the chain (its hash proves
 * that it is the right one), and every connection is then checked with it as the only authority, as with a file.
 */

/** A handshake that shows the chain; nothing is sent over it. */
export interface Handshake {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
}

/** What a search for a pinned certificate found. */
export type PinnedAuthority =
  | { readonly found: true; readonly pem: string }
  /** `complete`: the chain ends with a root. */
  | { readonly found: false; readonly complete: boolean }
  | { readonly found: false; readonly error: string };

/** The TLS options under which only what the authority has signed is trusted, whatever its place in the chain. */
export function trustOnly(pem: string): ConnectionOptions {
  return { ca: pem, allowPartialTrustChain: true };
}

/** The certificate of that SHA-256 in PEM text, such as a file of several authorities. */
export function pinnedIn(pems: string, fingerprint: string): string | undefined {
  for (const pem of pems.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? []) {
    try {
      if (isPinned(new X509Certificate(pem).fingerprint256, fingerprint)) return pem;
    } catch { /* no certificate: TLS itself says so */ }
  }
  return undefined;
}

/** The certificate of that SHA-256 in the chain that a server shows. Whether it signed the rest is not known yet. */
export function findPinned({ host, port, timeoutMs, ...client }: Handshake, fingerprint: string): Promise<PinnedAuthority> {
  return new Promise((resolve) => {
    const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const socket = connect({ host, port, ...named, ...client, rejectUnauthorized: false });
    const end = (result: PinnedAuthority): void => { socket.destroy(); resolve(result); };
    socket.setTimeout(timeoutMs, () => { end({ found: false, error: 'Connect Timeout: no TLS handshake in time' }); });
    socket.once('error', (error: NodeJS.ErrnoException) => { end({ found: false, error: error.message === '' ? error.code ?? 'no connection' : error.message }); });
    socket.once('close', () => { end({ found: false, error: 'the server closed the connection before secure TLS connection was established' }); });
    socket.once('secureConnect', () => {
      const chain = chainOf(socket.getPeerCertificate(true));
      const pinned = chain.find((certificate) => isPinned(certificate.fingerprint256, fingerprint));
      end(pinned === undefined ? { found: false, complete: endsWithRoot(chain) } : { found: true, pem: pemOf(pinned.raw) });
    });
  });
}

/** The certificates that a server shows, its own first. */
export function chainOf(leaf: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain = [leaf];
  for (let next = issuerOf(leaf); next !== undefined && chain.length < 10; next = issuerOf(next)) chain.push(next);
  return chain;
}

/** Whether the last certificate of a chain is its own issuer. */
export function endsWithRoot(chain: readonly DetailedPeerCertificate[]): boolean {
  const last = chain.at(-1);
  return last?.raw !== undefined && isSelfSigned(last.raw);
}

function isPinned(fingerprint: string | undefined, pinned: string): boolean {
  return fingerprint !== undefined && bare(fingerprint) === bare(pinned);
}

function isSelfSigned(raw: Buffer): boolean {
  const certificate = new X509Certificate(raw);
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

/** The last one refers to itself, or to nothing where the server does not send the authority. */
function issuerOf(certificate: DetailedPeerCertificate): DetailedPeerCertificate | undefined {
  const { issuerCertificate } = certificate as Partial<DetailedPeerCertificate>;
  return issuerCertificate === certificate ? undefined : issuerCertificate;
}

function pemOf(raw: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${(raw.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
}

function bare(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}
