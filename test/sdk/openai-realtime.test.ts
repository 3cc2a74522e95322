import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { expect } from 'chai';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { WebSocketServer } from 'ws';
import { ensureCertificates } from '../support/elasticsearch/certificates.js';
import { expectRecord, M, startSdkBench, type SdkBench } from './sdk-bench.js';

const USAGE = {
  total_tokens: 1090, input_tokens: 1000, output_tokens: 90,
  input_token_details: { text_tokens: 200, audio_tokens: 800, cached_tokens: 500, cached_tokens_details: { text_tokens: 0, audio_tokens: 500 } },
  output_token_details: { text_tokens: 30, audio_tokens: 60 },
};

describe('the OpenAI SDK, realtime over WebSocket', () => {
  let server: Server;
  /** Ends TLS before the gateway, as whoever serves it to others does: the SDK speaks wss only. */
  let tls: TlsServer;
  let ca: Buffer;
  let bench: SdkBench;
  before(async () => {
    server = createServer();
    new WebSocketServer({ server, perMessageDeflate: true }).on('connection', (socket) => {
      socket.send(JSON.stringify({ type: 'session.created', event_id: 'e', session: { type: 'realtime', model: 'gpt-realtime' } }));
      socket.on('message', () => {
        socket.send(JSON.stringify({ type: 'response.output_text.delta', event_id: 'e', delta: 'Hi' }));
        socket.send(JSON.stringify({ type: 'response.done', event_id: 'e', response: { object: 'realtime.response', status: 'completed', output: [], usage: USAGE } }));
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    bench = await startSdkBench(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const { caFile, certFile, keyFile } = await ensureCertificates();
    ca = await readFile(caFile);
    tls = createTlsServer({ cert: await readFile(certFile), key: await readFile(keyFile) }, (socket) => {
      const gateway = connect(Number(new URL(bench.url).port), '127.0.0.1');
      socket.pipe(gateway).pipe(socket);
      for (const end of [socket, gateway]) end.on('error', () => { socket.destroy(); gateway.destroy(); });
    });
    await new Promise<void>((resolve) => { tls.listen(0, '127.0.0.1', resolve); });
  });
  after(async () => {
    tls.close();
    await bench.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
  });

  it('a session of two responses leaves one record with the tokens and the cost of both', async () => {
    const client = new OpenAI({ apiKey: 'sk-client', baseURL: `https://localhost:${(tls.address() as AddressInfo).port}/v1` });
    const realtime = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: { ca } }, client);
    let done = 0;
    const closed = new Promise<void>((resolve) => { realtime.socket.on('close', () => { resolve(); }); });
    realtime.on('event', (event) => {
      if (event.type === 'session.created') realtime.send({ type: 'response.create' });
      if (event.type !== 'response.done') return;
      if (++done === 2) realtime.close();
      else realtime.send({ type: 'response.create' });
    });
    await closed;
    // Per response: 200 text, 500 cached audio and 300 other audio in; 30 text and 60 audio out.
    const one = 200 * 4 + 500 * 0.4 + 300 * 32 + 30 * 16 + 60 * 64;
    expectRecord(await bench.record(), {
      provider: 'openai', model: 'gpt-realtime', path: '/v1/realtime', status_code: 101, stream: true, end_reason: 'complete', error_count: 0,
      input_tokens: 2000, cached_tokens: 1000, output_tokens: 180, cost: 2 * one / M, price_source: 'genai-prices',
    });
    expect(done).to.equal(2);
  });
});
