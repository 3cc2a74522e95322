import type { Dialect } from '../../../src/domain/dialect.js';
import type { Provider } from '../../../src/domain/provider.js';
import { bindUpstreams, type Upstream } from '../../../src/gateway/upstream.js';

const dialect: Dialect = {
  name: 'none',
  bodyMembers: [],
  streamFormat: () => undefined,
  errorBody: (error) => JSON.stringify(error),
  readBody: () => undefined,
  readEvent: () => undefined,
};

/** A provider for tests of rules that do not depend on a real one. */
function fakeProvider(provider: Partial<Provider> & { name: string }): Provider {
  return {
    title: provider.name, origin: `https://${provider.name}.example`, root: '/v1', nativeRoots: [], auth: 'bearer', dialects: [],
    defaultDialect: dialect, ...provider,
  };
}

export function fakeUpstream(provider: Partial<Provider> & { name: string }, variables: Record<string, string> = {}): Upstream {
  const [upstream] = bindUpstreams([fakeProvider(provider)], (name) => {
    const value = variables[name];
    return value === undefined ? undefined : { value, source: 'environment' };
  });
  return upstream as Upstream;
}
