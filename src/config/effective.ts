import type { Config, Source } from './config.js';
import { maskUrls } from './elasticsearch-urls.js';
import { readConfig } from './read-config.js';
import type { VariableName } from './schema.js';
import { VARIABLE_NAMES, variableNamed } from './settings.js';
import { readSources, type SourceOptions, type Sources } from './sources.js';
import { MASK } from './variable.js';

/** One line of `gateway serve --print-config`. */
export interface EffectiveSetting {
  readonly name: string;
  /** Secrets are masked; null where there is no value. */
  readonly value: string | null;
  /** Null where nobody set it and there is no default. */
  readonly source: Source | null;
}

/** A variable beyond the schema, such as a provider's key. */
export interface OtherVariable {
  readonly name: string;
  readonly secret: boolean;
}

/**
 * What every variable is in effect and where it came from; of `others` only those that are set.
 *
 * @throws Failure as `loadConfig` does
 */
export function effectiveSettings(options: SourceOptions, others: readonly OtherVariable[] = []): EffectiveSetting[] {
  const sources = readSources(options);
  const config = readConfig(sources);
  return [
    ...VARIABLE_NAMES.map((name) => setting(name, sources, config)),
    ...others.flatMap(({ name, secret }) => {
      const found = sources.find(name);
      return found === undefined ? [] : [{ name, value: secret ? MASK : maskUrls(found.value), source: found.source }];
    }),
  ];
}

function setting(name: VariableName, sources: Sources, config: Config): EffectiveSetting {
  const variable = variableNamed(name);
  const found = sources.find(name);
  if (found !== undefined) return { name, value: variable.mask?.(found.value) ?? found.value, source: found.source };
  return derived(name, sources, config) ?? { name, value: variable.default ?? null, source: variable.default === undefined ? null : 'default' };
}

/** Values that come from another variable or from the machine. */
function derived(name: VariableName, sources: Sources, { logLevel, telemetry, elasticsearch }: Config): EffectiveSetting | undefined {
  const from = (variable: VariableName): Source => sources.find(variable)?.source ?? 'default';
  switch (name) {
    case 'LOG_LEVEL': return { name, value: logLevel, source: from('RUST_LOG') };
    case 'TELEMETRY_DIR': return { name, value: telemetry.dir, source: 'default' };
    case 'ELASTICSEARCH_USERNAME':
      return elasticsearch.username === undefined ? undefined : { name, value: elasticsearch.username, source: from('ELASTICSEARCH_URL') };
    case 'ELASTICSEARCH_PASSWORD':
      return elasticsearch.password === undefined ? undefined : { name, value: MASK, source: from('ELASTICSEARCH_URL') };
    default: return undefined;
  }
}
