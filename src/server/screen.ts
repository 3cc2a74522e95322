import type { Upstream } from '../gateway/upstream.js';

export interface ScreenInput {
  readonly version: string;
  /** As bound: `http://0.0.0.0:3000`. */
  readonly url: string;
  /** As this machine can call it: `http://127.0.0.1:3000`. */
  readonly localUrl: string;
  readonly upstreams: readonly Upstream[];
  readonly telemetryDir: string;
  /** The folder was named by a flag or in the environment, which another terminal does not know. */
  readonly telemetryDirIsLocal: boolean;
  readonly elasticsearch: string | undefined;
  readonly access: Access;
  readonly demo: boolean;
  readonly warnings: readonly string[];
  /** How the user calls the gateway: `npx gateway` in a clone, else `gateway`. */
  readonly command: string;
}

/** Who may use the gateway. */
export type Access = 'key' | 'this-machine' | 'everybody';

const ACCESS: Readonly<Record<Access, string>> = {
  'key': 'whoever has a key of GATEWAY_API_KEYS',
  'this-machine': 'programs on this machine',
  'everybody': 'everybody who reaches this address',
};

/** The first screen: where it listens, which providers it knows, where records go, what to try next. */
export function firstScreen(input: ScreenInput): string {
  const real = input.upstreams.filter(({ provider }) => provider.name !== DEMO);
  const held = real.flatMap(({ provider, key }) => (key === undefined ? [] : [`${provider.name} (${key.variable}, ${key.source})`]));
  const overridden = real.filter(({ override }) => override !== undefined);
  const lines = [
    `gateway ${input.version}`,
    '',
    row('Listening', input.url),
    ...wrapped('Providers', input.upstreams.map(({ provider }) => provider.name)),
    ...held.length === 0 ? [row('Keys', 'none held: clients send their own')] : wrapped('Keys', held),
    ...overridden.map(({ provider, override }) => row('Base URL', `${provider.name} → ${override?.value} (${override?.variable}, ${override?.source})`)),
    ...input.demo ? [row('Demo', 'a built-in provider answers at /demo; it needs no key')] : [],
    row('Open to', ACCESS[input.access]),
    row('Records', input.telemetryDir),
    row('Elasticsearch', input.elasticsearch ?? 'off (ENABLE_ELASTICSEARCH=true turns it on)'),
    ...input.warnings.map((warning) => row('Warning', warning)),
    '',
    'Try, in another terminal:',
    `  ${exampleRequest(input)}`,
    `  ${input.telemetryDirIsLocal ? `TELEMETRY_DIR=${quoted(input.telemetryDir)} ` : ''}${input.command} metrics top --by provider`,
    '',
  ];
  return lines.join('\n');
}

const DEMO = 'demo';

function exampleRequest({ localUrl, demo, access, upstreams }: ScreenInput): string {
  const lendsKey = upstreams.some(({ provider, key }) => provider.name === 'openai' && key !== undefined);
  const credential = access === 'key' ? '"x-gateway-api-key: $GATEWAY_KEY"'
    : demo ? undefined
      : lendsKey ? '"authorization: Bearer gateway"' : '"authorization: Bearer $OPENAI_API_KEY"';
  const body = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}';
  return `curl ${localUrl}${demo ? `/${DEMO}` : ''}/v1/chat/completions -H 'content-type: application/json'`
    + `${credential === undefined ? '' : ` -H ${credential}`} -d '${body}'`;
}

function quoted(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

const LABEL_WIDTH = 15;

function row(label: string, text: string): string {
  return `  ${label.padEnd(LABEL_WIDTH)}${text}`;
}

function wrapped(label: string, words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const next = line === '' ? word : `${line}, ${word}`;
    if (next.length > 62 && line !== '') {
      lines.push(`${line},`);
      line = word;
    } else line = next;
  }
  lines.push(line);
  return lines.map((text, i) => row(i === 0 ? label : '', text));
}
