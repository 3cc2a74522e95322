import type { ReadVariable } from './upstream.js';

const SERVICE = 'bedrock';

export interface AwsRequest {
  readonly method: string;
  /** `https://bedrock-runtime.us-east-1.amazonaws.com` */
  readonly origin: string;
  /** Raw encoded path with its query string. */
  readonly path: string;
  readonly region: string;
  readonly contentType: string | undefined;
  readonly body: Buffer | undefined;
}

/** Signs calls with the credentials of the standard AWS chain on the gateway's side. */
export class AwsSigner {
  readonly #variable: ReadVariable;
  #tools: Promise<Tools> | undefined;

  constructor(variable: ReadVariable) {
    this.#variable = variable;
  }

  /** The headers that make up the signature, as a flat list. Rejects when the chain yields no credential. */
  async sign(request: AwsRequest): Promise<string[]> {
    this.#tools ??= loadTools(this.#variable);
    const { SignatureV4, Sha256, credentials } = await this.#tools;
    const url = new URL(request.origin);
    const mark = request.path.indexOf('?');
    const signer = new SignatureV4({ service: SERVICE, region: request.region, credentials, sha256: Sha256 });
    const signed = await signer.sign({
      method: request.method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: mark === -1 ? request.path : request.path.slice(0, mark),
      query: mark === -1 ? {} : queryBag(request.path.slice(mark + 1)),
      headers: { host: url.host, ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }) },
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    return Object.entries(signed.headers).flatMap(([name, value]) =>
      (name === 'host' || name === 'content-type' ? [] : [name, value]));
  }
}

/** The parameters by name; a name that is repeated has all its values. */
function queryBag(query: string): Record<string, string | string[]> {
  const bag = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) bag.set(name, [...bag.get(name) ?? [], value]);
  return Object.fromEntries([...bag].map(([name, values]) => [name, values.length === 1 ? values[0] as string : values]));
}

interface Tools {
  readonly SignatureV4: typeof import('@smithy/signature-v4').SignatureV4;
  readonly Sha256: ConstructorParameters<typeof import('@smithy/signature-v4').SignatureV4>[0]['sha256'];
  readonly credentials: () => Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string }>;
}

/** Loaded at the first call: who uses no AWS pays nothing for it. */
async function loadTools(variable: ReadVariable): Promise<Tools> {
  const [{ SignatureV4 }, { Hash }, { defaultProvider }] = await Promise.all([
    import('@smithy/signature-v4'), import('@smithy/core/serde'), import('@aws-sdk/credential-provider-node'),
  ]);
  const accessKeyId = variable('AWS_ACCESS_KEY_ID')?.value;
  const secretAccessKey = variable('AWS_SECRET_ACCESS_KEY')?.value;
  const sessionToken = variable('AWS_SESSION_TOKEN')?.value;
  const profile = variable('AWS_PROFILE')?.value;
  // The chain reads the process's environment only; values of `.env` come by this way.
  const own = accessKeyId === undefined || secretAccessKey === undefined ? undefined
    : { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return {
    SignatureV4,
    Sha256: Hash.bind(null, 'sha256') as unknown as Tools['Sha256'],
    credentials: own === undefined ? defaultProvider(profile === undefined ? {} : { profile }) : () => Promise.resolve(own),
  };
}
