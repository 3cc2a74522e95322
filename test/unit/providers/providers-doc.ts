import { findProvider } from '@pydantic/genai-prices';
import type { AuthStyle, Provider } from '../../../src/domain/provider.js';
import { variablePrefix } from '../../../src/gateway/upstream.js';
import { PROVIDERS } from '../../../src/providers/registry.js';
import { dialectsOf } from '../../../src/server/provider-list.js';

const PLACES: Readonly<Record<AuthStyle, string>> = {
  'bearer': '`Authorization: Bearer`',
  'x-api-key': '`x-api-key`',
  'api-key': '`api-key`',
  'x-goog-api-key': '`x-goog-api-key` or `?key=`',
  'aws-sigv4': 'AWS signature',
  'none': 'none',
};
/** What a request with the canonical path `/v1/…` must hold to be this provider's by itself. */
const SAMPLES = [
  '/v1/messages', '/v1beta/models/m:generateContent', '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent', '/model/m/converse', '/v2/chat',
  '/openai/deployments/d/chat/completions', '/v1/projects/p/locations/l/publishers/google/models/m:generateContent',
];

/** The part of docs/providers.md that is made from the providers themselves. */
export function providersTable(): string {
  const rows = PROVIDERS.map((provider) => `| ${[
    `\`${provider.name}\` (${provider.title})`,
    provider.origin === undefined ? 'to be set' : `\`${provider.origin}\``,
    keys(provider),
    [provider.auth, ...provider.alsoAuth ?? []].map((style) => PLACES[style]).join(', '),
    dialectsOf(provider).filter((name) => name !== 'openai').map((name) => `\`${name}\``).join(', '),
    ownPaths(provider),
    asksForUsage(provider) ? 'asked for' : 'as sent',
    provider.socketPaths === undefined ? '' : 'yes',
    findProvider({ providerId: provider.pricingId ?? provider.name }) === undefined ? '' : 'built in',
  ].join(' | ')} |`);
  return [
    '| provider | address | variables | credential | dialects that are read | reached by its path alone | usage of streams | WebSocket | prices |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function keys({ name, keyVariables = [], baseUrlVariables = [] }: Provider): string {
  const prefix = variablePrefix(name);
  return [`${prefix}_API_KEY`, ...keyVariables, `${prefix}_BASE_URL`, ...baseUrlVariables].map((variable) => `\`${variable}\``).join(', ');
}

function ownPaths({ name, unmistakablePaths = [] }: Provider): string {
  const paths = SAMPLES.filter((path) => unmistakablePaths.some((pattern) => pattern.test(path)));
  return [...(name === 'openai' ? ['/v1/…'] : []), ...paths].map((path) => `\`${shortened(path)}\``).join(', ');
}

function shortened(path: string): string {
  return path.replace(/^(\/(?:v1beta|model|ws|openai\/deployments|v1\/projects))\/.*$/, '$1/…');
}

function asksForUsage({ dialects }: Provider): boolean {
  return dialects.some(({ streamUsage }) => streamUsage === true);
}
