import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Exchange } from '../../src/domain/exchange.js';
import { newRequestId } from '../../src/domain/request-id.js';
import type { Price } from '../../src/pricing/price.js';
import { recordLine } from '../../src/telemetry/record-line.js';
import { segmentName } from '../../src/telemetry/segments.js';
import { DEAD_PID } from '../../test/integration/report/sample-records.js';

const SEGMENT_BYTES = 64 * 1024 * 1024;
/** No process of that id lives, so that the segments count as closed. */
const WRITER = `${DEAD_PID}-bench0`;
const PROVIDERS = ['openai', 'anthropic', 'groq', 'mistral', 'together', 'gemini', 'deepseek', 'xai'] as const;

/**
 * Writes a log of that many records, spread evenly over the `hours` up to now: what a gateway would
 * have left behind, by the gateway's own code. Returns the paths of the segments, oldest first.
 */
export function writeRecordLog(dir: string, records: number, hours: number): string[] {
  mkdirSync(dir, { recursive: true });
  const end = Date.now();
  const step = hours * 3_600_000 / records;
  let sequence = 1;
  let segmentBytes = 0;
  const paths = [join(dir, segmentName(sequence, WRITER))];
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length === 0) return;
    const data = Buffer.from(lines.join(''));
    lines = [];
    if (segmentBytes + data.length > SEGMENT_BYTES) {
      sequence += 1;
      segmentBytes = 0;
      paths.push(join(dir, segmentName(sequence, WRITER)));
    }
    appendFileSync(paths.at(-1) as string, data);
    segmentBytes += data.length;
  };
  for (let index = 0; index < records; index++) {
    lines.push(recordLine(exchange(index, end - (records - index) * step), { instance: 'bench', version: '0.0.0', price: price(index) }));
    if (lines.length === 2_000) flush();
  }
  flush();
  return paths;
}

function exchange(index: number, receivedAt: number): Exchange {
  const provider = PROVIDERS[index % PROVIDERS.length] as string;
  const latency = 200 + (index * 7919) % 4_000;
  const failed = index % 97 === 0;
  return {
    requestId: newRequestId(receivedAt),
    receivedAt,
    provider,
    method: 'POST',
    path: '/v1/chat/completions',
    model: `${provider}-model-${index % 5}`,
    responseModel: `${provider}-model-${index % 5}-2026-01-01`,
    stream: index % 2 === 0,
    requestSize: 600 + index % 5_000,
    responseSize: 1_100 + index % 9_000,
    statusCode: failed ? 429 : 200,
    providerStatusCode: failed ? 429 : 200,
    totalMs: latency,
    providerMs: latency - 1,
    timeToFirstTokenMs: index % 2 === 0 ? latency / 4 : undefined,
    overheadUs: 180 + index % 300,
    usage: failed ? undefined : { inputTokens: 100 + index % 2_000, outputTokens: 20 + index % 900, totalTokens: 120 + index % 2_000 + index % 900 },
    finishReason: failed ? undefined : 'stop',
    endReason: 'complete',
    attempts: 1,
    errorType: undefined,
    errorCount: failed ? 1 : 0,
    providerErrorCount: failed ? 1 : 0,
    providerErrorType: failed ? 'rate_limit_exceeded' : undefined,
    client: `team-${index % 12}`,
  };
}

function price(index: number): Price | undefined {
  return index % 97 === 0 ? undefined : { cost: (1 + index % 500) / 100_000, source: 'genai-prices', version: '0.0.0' };
}
