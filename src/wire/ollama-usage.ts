import type { Usage } from '../domain/usage.js';
import { asCount, type JsonRecord } from './json-values.js';
import { makeUsage } from './make-usage.js';

/** Ollama's counts stand at the top level of the body or of the stream's last line. */
export function ollamaUsage(body: JsonRecord): Usage | undefined {
  const cached = asCount(body.prompt_eval_cached_count);
  return makeUsage({
    inputTokens: asCount(body.prompt_eval_count),
    outputTokens: asCount(body.eval_count),
    cachedTokens: cached,
  });
}
