import type { Upstream } from '../gateway/upstream.js';

export interface ScreenInput {
  readonly version: string;
  readonly url: string;
  readonly upstreams: readonly Upstream[];
  readonly telemetryDir: string;
  readonly elasticsearch: string | undefined;
  readonly locked: boolean;
  readonly demo: boolean;
  readonly warnings: readonly string[];
}

/** The first screen: where it listens, which providers it knows, where records go, what to try next. */
export function firstScreen(input: ScreenInput): string {
  const held = input.upstreams.filter((upstream) => upstream.key !== undefined);
  const overridden = input.upstreams.filter((upstream) => upstream.override !== undefined);
  const lines = [
    `gateway ${input.version}`,
    '',
    row('Listening', input.url),
    ...wrapped('Providers', input.upstreams.map(({ provider }) => provider.name)),
    row('Keys', held.length === 0 ? 'none held: clients send their own' : held.map(({ provider, key }) => `${provider.name} (${key?.variable}, ${key?.source})`).join(', ')),
    ...overridden.map(({ provider, override }) => row('Base URL', `${provider.name} → ${override?.value} (${override?.variable}, ${override?.source})`)),
    row('Access', input.locked ? 'a key of GATEWAY_API_KEYS is needed' : 'open to this machine'),
    row('Records', input.telemetryDir),
    row('Elasticsearch', input.elasticsearch ?? 'off (ENABLE_ELASTICSEARCH=true turns it on)'),
    ...input.warnings.map((warning) => row('Warning', warning)),
    '',
    'Try, in another terminal:',
    ...tryLines(input),
    '',
  ];
  return lines.join('\n');
}

function tryLines({ url, demo }: ScreenInput): string[] {
  const path = demo ? '/demo/v1/chat/completions' : '/v1/chat/completions';
  const body = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}';
  return [
    `  curl ${url}${path} -H 'content-type: application/json'${demo ? '' : ' -H "authorization: Bearer $OPENAI_API_KEY"'} -d '${body}'`,
    '  npx gateway metrics top --by provider',
  ];
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
