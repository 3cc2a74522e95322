import {
  BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand, InvokeModelCommand, InvokeModelWithResponseStreamCommand, ThrottlingException,
  type BedrockRuntimeClientConfig,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { expect } from 'chai';
import { collect, expectRecord, M, startAimock, startRecordings, startSdkBench, type Recordings, type SdkBench } from './sdk-bench.js';

const GATEWAYS_OWN = { AWS_ACCESS_KEY_ID: 'AKIDGATEWAY', AWS_SECRET_ACCESS_KEY: 'gateway-secret' };
const EVENTSTREAM = 'application/vnd.amazon.eventstream';
const messages = [{ role: 'user' as const, content: [{ text: 'Say hello' }] }];

async function* nothing(): AsyncGenerator<never> { /* no stream, no events */ }

/** As it comes: it speaks HTTP/2 without TLS. */
function clientOf(bench: SdkBench, more: BedrockRuntimeClientConfig = {}): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    region: 'us-west-2', endpoint: bench.url, maxAttempts: 1, credentials: { accessKeyId: 'AKIDCLIENT', secretAccessKey: 'client-secret' }, ...more,
  });
}

describe('the AWS SDK for Bedrock', () => {
  let provider: Recordings;
  let bench: SdkBench;
  let client: BedrockRuntimeClient;
  before(async () => {
    provider = await startRecordings();
    bench = await startSdkBench(provider.url, GATEWAYS_OWN);
    client = clientOf(bench);
  });
  after(async () => {
    client.destroy();
    await bench.close();
    await provider.close();
  });

  const nova = 'amazon.nova-lite-v1:0';
  // 40 fresh, 200 read from the cache, 100 written to it (Nova writes at the price of input).
  const cached = { provider: 'bedrock', model: nova, input_tokens: 340, cached_tokens: 200, cache_write_tokens: 100, output_tokens: 12, total_tokens: 352 };

  it('converse, JSON, signed anew by the gateway', async () => {
    provider.answer = () => ({ json: {
      output: { message: { role: 'assistant', content: [{ text: 'Hi' }] } }, stopReason: 'end_turn', metrics: { latencyMs: 5 },
      usage: { inputTokens: 40, outputTokens: 12, totalTokens: 352, cacheReadInputTokens: 200, cacheWriteInputTokens: 100 },
    } });
    const { output } = await client.send(new ConverseCommand({ modelId: nova, messages }));
    expect(output?.message?.content?.[0]?.text).to.equal('Hi');
    const { request } = provider.requests.at(-1) as Recordings['requests'][number];
    expect(request.url).to.equal('/model/amazon.nova-lite-v1%3A0/converse');
    expect(request.headers.authorization).to.match(/^AWS4-HMAC-SHA256 Credential=AKIDGATEWAY\/\d{8}\/us-west-2\/bedrock\/aws4_request/);
    expect(JSON.stringify(request.headers)).to.not.include('AKIDCLIENT');
    expectRecord(await bench.record(), {
      ...cached, path: '/model/amazon.nova-lite-v1%3A0/converse', stream: false, finish_reason: 'end_turn', cost: (140 * 0.06 + 200 * 0.015 + 12 * 0.24) / M,
    });
  });

  it('converse, streamed: the frames pass as they are; a tier without a known price has no cost', async () => {
    provider.answer = () => ({ fixture: 'bedrock/converse-stream.bin', contentType: EVENTSTREAM });
    const { stream } = await client.send(new ConverseStreamCommand({ modelId: nova, messages }));
    const events = await collect(stream ?? nothing());
    expect(events.at(-1)?.metadata?.usage?.outputTokens).to.equal(12);
    const record = await bench.record();
    expectRecord(record, { ...cached, stream: true, finish_reason: 'end_turn', cost: undefined }); // the fixture says: priority
    expect(record.time_to_first_token_ms).to.be.a('number');
  });

  it('raises at an exception within a stream', async () => {
    provider.answer = () => ({ fixture: 'bedrock/converse-exception-stream.bin', contentType: EVENTSTREAM });
    const { stream } = await client.send(new ConverseStreamCommand({ modelId: nova, messages }));
    expect(await collect(stream ?? nothing()).catch((error: unknown) => error)).to.be.instanceOf(ThrottlingException);
    expectRecord(await bench.record(), { provider_error_type: 'ThrottlingException', provider_error_count: 1, cost: undefined });
  });

  it('invoke, JSON: counts stand in headers, the cache in the body', async () => {
    const modelId = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';
    provider.answer = () => ({
      headers: { 'x-amzn-bedrock-input-token-count': '10', 'x-amzn-bedrock-output-token-count': '15' },
      json: { type: 'message', model: 'claude-sonnet-4-5-20250929', content: [], stop_reason: 'end_turn', usage: { input_tokens: 10, cache_creation_input_tokens: 30, output_tokens: 15 } },
    });
    await client.send(new InvokeModelCommand({ modelId, contentType: 'application/json', body: JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 9, messages: [] }) }));
    expectRecord(await bench.record(), {
      provider: 'bedrock', model: modelId, response_model: 'claude-sonnet-4-5-20250929', stream: false,
      input_tokens: 40, cache_write_tokens: 30, output_tokens: 15, cost: (10 * 3.3 + 30 * 4.125 + 15 * 16.5) / M,
    });
  });

  it('invoke, streamed: Nova and Llama', async () => {
    const body = JSON.stringify({ prompt: 'x' });
    provider.answer = () => ({ fixture: 'bedrock/invoke-nova-stream.bin', contentType: EVENTSTREAM });
    const first = await client.send(new InvokeModelWithResponseStreamCommand({ modelId: nova, contentType: 'application/json', body }));
    expect(await collect(first.body ?? nothing())).to.not.have.length(0);
    expectRecord(await bench.record(), { model: nova, stream: true, input_tokens: 8, output_tokens: 4, cost: (8 * 0.06 + 4 * 0.24) / M });
    provider.answer = () => ({ fixture: 'bedrock/invoke-llama-stream.bin', contentType: EVENTSTREAM });
    const second = await client.send(new InvokeModelWithResponseStreamCommand({ modelId: 'meta.llama3-8b-instruct-v1:0', contentType: 'application/json', body }));
    await collect(second.body ?? nothing());
    expectRecord(await bench.record(), { model: 'meta.llama3-8b-instruct-v1:0', stream: true, input_tokens: 9, output_tokens: 2, cost: (9 * 0.3 + 2 * 0.6) / M });
  });

  it('raises the provider\'s errors as its own', async () => {
    provider.answer = () => ({ status: 429, headers: { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/' }, json: { message: 'slow down' } });
    expect(await client.send(new ConverseCommand({ modelId: nova, messages })).catch((error: unknown) => error)).to.be.instanceOf(ThrottlingException);
    expectRecord(await bench.record(), { status_code: 429, provider_error_type: 'ThrottlingException', cost: undefined });
  });

  it('lets a Bearer API key of the client\'s own pass', async () => {
    provider.answer = () => ({ json: { output: {}, stopReason: 'end_turn', usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } } });
    const bearer = new BedrockRuntimeClient({ region: 'us-west-2', endpoint: bench.url, maxAttempts: 1, token: { token: 'bedrock-api-key' }, authSchemePreference: ['httpBearerAuth'] });
    await bearer.send(new ConverseCommand({ modelId: nova, messages }));
    expect(provider.requests.at(-1)?.request.headers.authorization).to.equal('Bearer bedrock-api-key');
    expectRecord(await bench.record(), { input_tokens: 1, output_tokens: 1, cost: (0.06 + 0.24) / M });
    bearer.destroy();
  });

  it('works over HTTP/1.1 too', async () => {
    provider.answer = () => ({ fixture: 'bedrock/invoke-nova-stream.bin', contentType: EVENTSTREAM });
    const plain = clientOf(bench, { requestHandler: new NodeHttpHandler() });
    const { body } = await plain.send(new InvokeModelWithResponseStreamCommand({ modelId: nova, contentType: 'application/json', body: '{}' }));
    expect(await collect(body ?? nothing())).to.not.have.length(0);
    expectRecord(await bench.record(), { model: nova, stream: true, input_tokens: 8, output_tokens: 4, cost: (8 * 0.06 + 4 * 0.24) / M });
    plain.destroy();
  });

  it('works with aimock too (but for its invoke streams, whose frames are not those of AWS)', async () => {
    const mock = await startAimock();
    const other = await startSdkBench(mock.url, GATEWAYS_OWN);
    const aws = clientOf(other);
    const modelId = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
    const used = { provider: 'bedrock', model: modelId, input_tokens: 19, output_tokens: 10, cost: (19 * 3.3 + 10 * 16.5) / M };
    const body = JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 9, messages: [{ role: 'user', content: 'Say hello' }] });
    await aws.send(new ConverseCommand({ modelId, messages }));
    expectRecord(await other.record(), { ...used, stream: false });
    await collect((await aws.send(new ConverseStreamCommand({ modelId, messages }))).stream ?? nothing());
    expectRecord(await other.record(), { ...used, stream: true });
    await aws.send(new InvokeModelCommand({ modelId, contentType: 'application/json', body }));
    expectRecord(await other.record(), { ...used, stream: false });
    aws.destroy();
    await other.close();
    await mock.stop();
  });
});
