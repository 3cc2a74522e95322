import type { DialectRule } from '../../domain/provider.js';
import { gemini, geminiStream } from '../../wire/gemini.js';
import { geminiInteractions } from '../../wire/gemini-interactions.js';

/** Methods of a model in Gemini's native API, on Google AI and on Vertex AI. */
export const geminiRules: readonly DialectRule[] = [
  { path: /:streamGenerateContent$/, dialect: geminiStream },
  { path: /:(?:generateContent|embedContent|batchEmbedContents|predict)$/, dialect: gemini },
  { path: /\/interactions$/, dialect: geminiInteractions },
];
