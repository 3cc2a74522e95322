import { upstreamsFrom } from '../gateway/create.js';
import { keyNames, variablePrefix, type ReadVariable } from '../gateway/upstream.js';

export interface ProviderVariable {
  readonly name: string;
  readonly secret: boolean;
}

/** What the AWS credential chain and the signing of Bedrock calls read. */
const AWS: readonly ProviderVariable[] = [
  { name: 'AWS_REGION', secret: false },
  { name: 'AWS_DEFAULT_REGION', secret: false },
  { name: 'AWS_PROFILE', secret: false },
  { name: 'AWS_ACCESS_KEY_ID', secret: true },
  { name: 'AWS_SECRET_ACCESS_KEY', secret: true },
  { name: 'AWS_SESSION_TOKEN', secret: true },
];

/**
 * Every variable that says where a provider is or holds its key, those of CUSTOM_PROVIDERS included.
 *
 * @throws Failure for an address that cannot be used
 */
export function providerVariables(variable: ReadVariable): ProviderVariable[] {
  const own = upstreamsFrom(variable).flatMap(({ provider }) => {
    const prefix = variablePrefix(provider.name);
    return [
      ...[
        `${prefix}_BASE_URL`, ...(provider.baseUrlVariables ?? []), ...(provider.region?.variables ?? []), `${prefix}_STREAM_USAGE`,
      ].map((name) => ({ name, secret: false })),
      ...keyNames(provider).flatMap((name) => [{ name, secret: true }, { name: `${name}_FILE`, secret: false }]),
    ];
  });
  const names = new Map([...own, ...AWS].map((entry) => [entry.name, entry]));
  return [...names.values()];
}
