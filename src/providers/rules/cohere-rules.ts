import type { DialectRule } from '../../domain/provider.js';
import { cohere } from '../../wire/cohere.js';

/** Cohere's native paths that use a model. */
export const cohereRules: readonly DialectRule[] = [{ path: /^\/v[12]\/(?:chat|embed|rerank|classify)$/, dialect: cohere }];
