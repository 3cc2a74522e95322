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
  /** The key of programs on this machine, where it is valid. */
  readonly localKey: string | undefined;
  /** It is shown on a terminal alone: elsewhere the screen ends up in a log. */
  readonly terminal: boolean;
  readonly demo: boolean;
  readonly warnings: readonly string[];
  /** How the user calls the gateway: `npx gateway` in a clone, else `gateway`. */
  readonly command: string;
}

/** Who may use the gateway: with a key of GATEWAY_API_KEYS, with the local key, with provider keys of their own, or without any (ALLOW_OPEN). */
export type Access = 'key' | 'local-key' | 'own-keys' | 'everybody';

const ACCESS: Readonly<Record<Access, string>> = {
  'key': 'whoever has a key of GATEWAY_API_KEYS',
  'local-key': 'programs with the local key; others with keys of their own',
  'own-keys': 'whoever has a key of a provider',
  'everybody': 'everybody who reaches this address (ALLOW_OPEN)',
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
    ...input.access === 'everybody' ? wrapped('Lends', lent(real)) : [],
    ...input.localKey === undefined ? [] : [row('Local key', input.terminal ? input.localKey : `\`${ownCommand(input)} keys local\` prints it`)],
    row('Records', input.telemetryDir),
    row('Elasticsearch', input.elasticsearch ?? 'off (ENABLE_ELASTICSEARCH=true turns it on)'),
    ...input.warnings.flatMap((warning) => wrapped('Warning', warning.split(' '), ' ')),
    '',
    input.access === 'key' && !input.demo ? 'Try, in another terminal, with one of your gateway keys as GATEWAY_KEY:' : 'Try, in another terminal:',
    `  ${exampleRequest(input)}`,
    `  ${ownCommand(input)} metrics top --by provider`,
    '',
  ];
  return lines.join('\n');
}

const DEMO = 'demo';

/** What callers without a gateway key may use: held keys, and servers that ask for none. */
function lent(upstreams: readonly Upstream[]): string[] {
  return upstreams.flatMap(({ provider, origin, key }) =>
    (key !== undefined ? [`${provider.name} (${key.variable})`] : provider.auth === 'none' && origin !== undefined ? [`${provider.name} (no key)`] : []));
}

const CHAT = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}';

function exampleRequest(input: ScreenInput): string {
  const { localUrl, demo, upstreams } = input;
  const credential = credentialToTry(input);
  const header = credential === undefined ? '' : ` -H ${credential}`;
  const held = upstreams.filter(({ provider, key }) => key !== undefined && provider.name !== DEMO).map(({ provider }) => provider.name);
  const [first] = held;
  // Of a provider other than OpenAI no model is known that its key may use: its list of them works everywhere.
  if (!demo && first !== undefined && !held.includes('openai')) return `curl ${localUrl}/${first}/v1/models${header}`;
  return `curl ${localUrl}${demo ? `/${DEMO}` : ''}/v1/chat/completions -H 'content-type: application/json'${header} -d '${CHAT}'`;
}

function credentialToTry(input: ScreenInput): string | undefined {
  const { access, demo, upstreams, localKey, terminal } = input;
  if (access === 'key') return '"x-gateway-api-key: $GATEWAY_KEY"';
  if (demo) return undefined;
  const holds = upstreams.some(({ key }) => key !== undefined);
  if (!holds) return '"authorization: Bearer $OPENAI_API_KEY"';
  if (localKey === undefined) return undefined;
  return `"x-gateway-api-key: ${terminal ? localKey : `$(${ownCommand(input)} keys local)`}"`;
}

/** How another terminal calls this gateway's commands. */
function ownCommand({ telemetryDirIsLocal, telemetryDir, command }: ScreenInput): string {
  return `${telemetryDirIsLocal ? `TELEMETRY_DIR=${quoted(telemetryDir)} ` : ''}${command}`;
}

function quoted(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

const LABEL_WIDTH = 15;

function row(label: string, text: string): string {
  return `  ${label.padEnd(LABEL_WIDTH)}${text}`;
}

function wrapped(label: string, words: readonly string[], separator = ', '): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const next = line === '' ? word : `${line}${separator}${word}`;
    if (next.length > 62 && line !== '') {
      lines.push(`${line}${separator}`.trimEnd());
      line = word;
    } else line = next;
  }
  lines.push(line);
  return lines.map((text, i) => row(i === 0 ? label : '', text));
}
