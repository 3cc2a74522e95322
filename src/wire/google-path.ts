import type { PathFacts } from '../domain/dialect.js';

const MODEL_IN_PATH = /\/(?:models|tunedModels)\/([^/:]+)(?::(\w+))?/;

/** `/models/{model}:{method}`: Google's paths name the model, and a stream by its method. */
export function readGeminiPath(path: string): PathFacts {
  const match = MODEL_IN_PATH.exec(path);
  if (match?.[1] === undefined) return {};
  return { model: decode(match[1]), ...(match[2] === undefined ? {} : { stream: match[2].startsWith('stream') }) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
