import type { Config } from '../config/config.js';
import { VARIABLE_NAMES } from '../config/settings.js';
import { distance } from '../domain/closest.js';
import { providerVariables } from './provider-variables.js';

const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];
/** What docker-compose.yml takes from the same file, and programs beside it. */
const OTHERS = [
  'COMPOSE_PROFILES', 'COMPOSE_PROJECT_NAME', 'ELASTIC_PASSWORD', 'ELASTIC_VERSION', 'ELASTICSEARCH_PORT', 'ES_JAVA_OPTS', 'GATEWAY_ELASTICSEARCH_PASSWORD',
  'GATEWAY_IMAGE', 'GATEWAY_PORT', 'KIBANA_ENCRYPTION_KEY', 'KIBANA_PORT', 'NODE_ENV', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NO_PROXY', ...PROXIES,
];
/** Shorter names are near to too many, and names that differ in more letters to nothing in particular. */
const SHORTEST = 6;
const FARTHEST = 2;

/** What somebody has set and the gateway does not use. */
export function environmentWarnings(config: Config): string[] {
  const proxies = PROXIES.filter((name) => (config.variable(name) ?? config.variable(name.toLowerCase())) !== undefined);
  return [
    ...proxies.length === 0 ? [] : [`${proxies.join(' and ')}: the gateway does not use proxies yet and connects to providers directly`],
    ...misspelt(config),
  ];
}

/** Names in `.env` that are almost names of the gateway's; those of other programs are passed over. */
function misspelt(config: Config): string[] {
  const known: string[] = [...VARIABLE_NAMES, ...providerVariables((name) => config.variable(name)).map(({ name }) => name)];
  return config.fileNames.filter((name) => !known.includes(name) && !OTHERS.includes(name) && name.length >= SHORTEST).flatMap((name) => {
    const meant = meantBy(name.toUpperCase(), known);
    return meant === undefined ? [] : [`${name} in the file .env is not a setting; did you mean ${meant}?`];
  });
}

function meantBy(name: string, known: readonly string[]): string | undefined {
  const bare = (text: string): string => text.replaceAll(/[_-]/g, '');
  return known.find((each) => bare(each) === bare(name))
    ?? known.find((each) => each.startsWith(name) && name.length * 3 >= each.length * 2)
    ?? known.find((each) => lacksOneWord(name, each))
    ?? known.find((each) => distance(name, each) <= FARTHEST);
}

/** `OPENAI_KEY` for `OPENAI_API_KEY`. */
function lacksOneWord(name: string, known: string): boolean {
  const words = name.split('_');
  const knownWords = known.split('_');
  return words.length >= 2 && words.length === knownWords.length - 1 && words.every((word) => knownWords.includes(word));
}
