import type { DialectRule } from '../../domain/provider.js';
import { anthropicMessages } from '../../wire/anthropic-messages.js';

/** The one path of Anthropic's API whose answer has usage; `count_tokens`, batches and files have none that is billed again. */
export const anthropicRules: readonly DialectRule[] = [{ path: /\/v1\/messages$/, dialect: anthropicMessages }];
