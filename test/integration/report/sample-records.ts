import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exchange } from '../../../src/domain/exchange.js';
import { newRequestId } from '../../../src/domain/request-id.js';
import { recordLine } from '../../../src/telemetry/record-line.js';
import { segmentName } from '../../../src/telemetry/segments.js';

/** No process has this id: Linux ends at 2²² and Windows counts in fours. */
export const DEAD_PID = 2_147_483_645;

/** The same numbers on every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Beyond the basic plane and just below it: UTF-16 and UTF-8 sort these two differently. */
const ODD_MODELS = ['模型-😀', 'модель', '\uFFFDx', '=cmd|calc', 'a,"b"', 'tab\there'] as const;

const PROVIDERS = ['openai', 'openai', 'openai', 'openai', 'anthropic', 'anthropic', 'groq', 'mistral', 'demo'] as const;
const END_REASONS = ['client', 'provider', 'gateway'] as const;

/** Lines of records from `begin` on, a minute apart, of every kind: priced and not, failed, cut off, without model, tokens or provider latency. */
export function sampleLines(count: number, begin: number, seed = 20_261_125): string[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, (_, i) => {
    const { exchange, price } = sample(random, begin + i * 60_000, i);
    return recordLine(exchange, { instance: 'test-0000', version: '0.1.0', ...(price !== undefined && { price: { cost: price, source: 'genai-prices', version: '1' } }) });
  });
}

function sample(random: () => number, receivedAt: number, i: number): { exchange: Exchange; price: number | undefined } {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const provider = pick(PROVIDERS);
  const failed = random() < 0.07;
  const cut = !failed && random() < 0.03;
  const endReason = cut ? pick(END_REASONS) : 'complete';
  const totalMs = i % 97 === 0 ? i % 3 : Math.exp(5 + 2.2 * random() + (random() < 0.05 ? 2 : 0));
  const reached = random() > 0.04;
  const input = Math.floor(random() * 4_000);
  const output = Math.floor(random() * 2_000);
  const exchange: Exchange = {
    requestId: newRequestId(receivedAt),
    receivedAt,
    provider,
    method: 'POST',
    path: provider === 'anthropic' ? '/v1/messages' : pick(['/v1/chat/completions', '/v1/embeddings']),
    model: random() < 0.08 ? undefined : random() < 0.1 ? pick(ODD_MODELS) : `${provider}-${String(Math.floor(random() * 4))}`,
    stream: random() < 0.1 ? undefined : random() < 0.5,
    requestSize: Math.floor(random() * 10_000),
    responseSize: Math.floor(random() * 100_000),
    statusCode: failed ? pick([429, 500, 502]) : 200,
    providerStatusCode: reached ? (failed ? 429 : 200) : undefined,
    totalMs,
    providerMs: reached ? totalMs * (0.9 + 0.1 * random()) : undefined,
    overheadUs: Math.floor(random() * 900),
    usage: failed || random() < 0.1 ? undefined : { inputTokens: input, outputTokens: output, ...(random() < 0.3 && { reasoningTokens: Math.floor(output / 3) }) },
    endReason,
    attempts: 1,
    errorCount: failed || endReason === 'client' ? 1 : 0,
    errorType: endReason === 'client' ? 'client_closed' : failed && random() < 0.5 ? 'upstream_connect' : undefined,
    providerErrorCount: failed ? 1 : 0,
    client: random() < 0.5 ? undefined : pick(['team-a', 'team-b', 'équipe']),
  };
  const priced = provider !== 'mistral' && exchange.usage !== undefined;
  return { exchange, price: priced ? (input * 2.5 + output * 10) / 1e6 : undefined };
}

/** Appends lines (or bytes that are none) to a segment; the writer is dead unless another process id is given. Returns its path. */
export async function writeSegment(dir: string, sequence: number, content: string | readonly string[] | Buffer, pid = DEAD_PID): Promise<string> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, segmentName(sequence, `${String(pid)}-test${String(sequence)}`));
  await appendFile(path, typeof content === 'string' || Buffer.isBuffer(content) ? content : content.join(''));
  return path;
}
