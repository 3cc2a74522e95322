import type { DialectRule } from '../../domain/provider.js';
import { ollama } from '../../wire/ollama.js';

/** Ollama's native API. */
export const ollamaRules: readonly DialectRule[] = [{ path: /^\/api\//, dialect: ollama }];
