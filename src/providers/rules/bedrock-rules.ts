import type { DialectRule } from '../../domain/provider.js';
import { bedrockConverse } from '../../wire/bedrock-converse.js';
import { bedrockInvoke } from '../../wire/bedrock-invoke.js';

/** Both native APIs of Amazon Bedrock's runtime. */
export const bedrockRules: readonly DialectRule[] = [
  { path: /\/model\/[^/]+\/converse(?:-stream)?$/, dialect: bedrockConverse },
  { path: /\/model\/[^/]+\/invoke(?:-with-response-stream)?$/, dialect: bedrockInvoke },
];
