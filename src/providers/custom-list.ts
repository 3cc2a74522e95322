import { readFileSync } from 'node:fs';
import { Failure } from '../domain/failure.js';
import type { AuthStyle, Provider } from '../domain/provider.js';
import { CUSTOM_DIALECTS, customProvider } from './custom.js';

const FIELDS: readonly string[] = ['name', 'baseUrl', 'dialect', 'auth', 'stream_usage'];
const AUTH_STYLES: readonly string[] = ['bearer', 'x-api-key', 'api-key', 'x-goog-api-key', 'none'] satisfies AuthStyle[];
const EXAMPLE = '[{"name":"lab","baseUrl":"http://localhost:8000","dialect":"openai-chat"}]';
/** Names whose variables or records mean something else (`ELASTICSEARCH_API_KEY`, the provider `unknown`). */
const RESERVED: readonly string[] = ['elasticsearch', 'gateway', 'demo', 'unknown'];

/**
 * The providers of CUSTOM_PROVIDERS: a JSON list, or the name of a file that holds one.
 * @param taken names of the providers that exist already
 * @throws Failure that names the entry and the fix; never shows an address, which may hold a password
 */
export function customProviders(value: string, taken: readonly string[]): Provider[] {
  const entries = parse(value);
  if (!Array.isArray(entries)) throw invalid('is not a list', `Give a list, for example ${EXAMPLE}.`);
  const names = new Set([...taken, ...RESERVED]);
  return entries.map((entry: unknown, i) => {
    const provider = readEntry(entry, `entry ${i + 1}`);
    if (names.has(provider.name)) {
      throw invalid(`entry ${i + 1}: the name "${provider.name}" is taken`,
        'Choose another name; the address of a known provider is changed by its variable, such as OPENAI_BASE_URL.');
    }
    names.add(provider.name);
    return provider;
  });
}

function readEntry(entry: unknown, place: string): Provider {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw invalid(`${place} is not an object`, `Give each entry like ${EXAMPLE.slice(1, -1)}.`);
  const fields = entry as Readonly<Record<string, unknown>>;
  const text = (name: string, fix: string): string => {
    const value = fields[name];
    if (typeof value !== 'string' || value === '') throw invalid(`${place}: ${name} is missing or not a text`, fix);
    return value;
  };
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) {
    throw invalid(`${place}: the field ${JSON.stringify(unknown)} is unknown`,
      `Use ${FIELDS.join(', ')}; a key is set by a variable, LAB_API_KEY for the provider lab.`);
  }
  const { auth, stream_usage: streamUsage } = fields;
  if (streamUsage !== undefined && typeof streamUsage !== 'boolean') {
    throw invalid(`${place}: stream_usage is neither true nor false`,
      'Set stream_usage to false where the server refuses stream_options, else leave it out.');
  }
  if (auth !== undefined && !AUTH_STYLES.includes(auth as string)) {
    throw invalid(`${place}: auth is not a known style`, `Say where the server wants its key: ${AUTH_STYLES.join(', ')}.`);
  }
  const provider = customProvider({
    name: text('name', 'Give the name that requests use as prefix or x-provider.'),
    baseUrl: text('baseUrl', 'Give the server\'s address, for example http://localhost:8000.'),
    dialect: text('dialect', `Use one of: ${CUSTOM_DIALECTS.join(', ')}.`),
  });
  return {
    ...provider,
    ...(auth === undefined ? {} : { auth: auth as AuthStyle }),
    ...(streamUsage === undefined ? {} : { streamUsage }),
  };
}

function parse(value: string): unknown {
  const text = value.trimStart().startsWith('[') || value.trimStart().startsWith('{') ? value : readFile(value.trim());
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message is kept nowhere: it quotes the text, which may hold a password.
    throw invalid('is not valid JSON', `Give a JSON list, for example ${EXAMPLE}.`);
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(`is neither a JSON list nor a file that can be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      `Give a JSON list, for example ${EXAMPLE}, or the name of a file that holds one.`);
  }
}

function invalid(problem: string, fix: string): Failure {
  return new Failure({ code: 'custom_provider_invalid', message: `CUSTOM_PROVIDERS: ${problem}`, fix });
}
