import fc from 'fast-check';
import { expect } from 'chai';
import { SessionReader } from '../../../src/gateway/session-reader.js';
import { cut, dialectAt } from '../wire/stream-fixtures.js';

interface FrameOptions { readonly opcode?: number; readonly final?: boolean; readonly mask?: readonly number[]; readonly flags?: number }

function frame(payload: string | Buffer, { opcode = 1, final = true, mask, flags = 0 }: FrameOptions = {}): Buffer {
  const bytes = Buffer.from(payload);
  const masked = mask === undefined ? 0 : 0x80;
  const length = bytes.length < 126 ? Buffer.from([masked | bytes.length])
    : bytes.length < 65_536 ? Buffer.from([masked | 126, bytes.length >> 8, bytes.length & 255])
      : Buffer.concat([Buffer.from([masked | 127]), Buffer.from(bytes.length.toString(16).padStart(16, '0'), 'hex')]);
  const body = mask === undefined ? bytes : bytes.map((byte, i) => byte ^ (mask[i % 4] as number));
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | flags | opcode]), length, Buffer.from(mask ?? []), body]);
}

const MASK = [0x12, 0xfe, 0x00, 0x9a] as const;
const create = (model: string, input = 'hi'): string => JSON.stringify({ input, type: 'response.create', model });
const completed = (model: string | undefined, input: number, output = 0): string => JSON.stringify({
  type: 'response.completed', response: { model, status: 'completed', usage: { input_tokens: input, output_tokens: output, total_tokens: input + output } },
});

const responses = dialectAt('openai', '/v1/responses');
const realtime = dialectAt('openai', '/v1/realtime');
const live = dialectAt('gemini', '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent');

describe('what the client of a WebSocket asks for', () => {
  // Fragmented by a control frame between, with masks that differ.
  const text = create('gpt-5.4', 'ä'.repeat(200));
  const bytes = Buffer.concat([
    frame(create('gpt-5-nano'), { mask: MASK }),
    frame(text.slice(0, 20), { mask: [0, 0, 0, 0], final: false }),
    frame('ping', { opcode: 9, mask: MASK }),
    frame(text.slice(20, 150), { mask: [1, 2, 3, 4], opcode: 0, final: false }),
    frame(text.slice(150), { mask: MASK, opcode: 0 }),
  ]);
  const asked = (pieces: readonly Buffer[]): string | undefined => {
    const reader = new SessionReader(responses, undefined);
    for (const piece of pieces) reader.fromClient(piece);
    return reader.model;
  };

  it('is read from masked frames, however they are cut', () => {
    for (let at = 0; at <= bytes.length; at++) expect(asked(cut(bytes, [at])), `cut at ${at}`).to.equal('gpt-5.4');
    expect(asked(Array.from(bytes, (byte) => Buffer.from([byte])))).to.equal('gpt-5.4');
    fc.assert(fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (at) => { expect(asked(cut(bytes, at))).to.equal('gpt-5.4'); }), { numRuns: 2_000 });
  });

  it('is read from a message of many megabytes, too', () => {
    const image = 'A'.repeat(20 * 1024 * 1024);
    expect(asked([frame(JSON.stringify({ type: 'response.create', input: [{ image_url: image }], model: 'gpt-5.4' }), { mask: MASK })])).to.equal('gpt-5.4');
  });

  it('is not changed in the bytes that go on to the provider', () => {
    const before = Buffer.from(bytes);
    asked([bytes]);
    expect(bytes.equals(before)).to.equal(true);
  });

  it('is unknown where frames are not masked, are compressed, or are of another kind', () => {
    expect(asked([frame(create('gpt-5.4'))])).to.equal(undefined);
    expect(asked([frame(create('gpt-5.4'), { mask: MASK, flags: 0x40 })])).to.equal(undefined);
    expect(asked([frame(create('gpt-5.4'), { mask: MASK, opcode: 0 })])).to.equal(undefined); // continues nothing
    expect(asked([frame('{"type":"response.cancel","model":"x"}', { mask: MASK })])).to.equal(undefined);
    expect(asked([frame('{"item":{"type":"response.create","model":"x"}}', { mask: MASK })])).to.equal(undefined);
  });

  it('is not looked for where the request names it', () => {
    const reader = new SessionReader(realtime, 'gpt-realtime');
    reader.fromClient(frame('{"type":"session.update","session":{"model":"other"}}', { mask: MASK }));
    expect(reader.model).to.equal('gpt-realtime');
  });
});

describe('what the turns of a session used', () => {
  it('is kept for each turn with its own model', () => {
    const reader = new SessionReader(responses, undefined);
    reader.fromClient(frame(create('gpt-5.4'), { mask: MASK }));
    reader.fromProvider(frame(completed('gpt-5.4-2026', 1_000)));
    reader.fromClient(frame(create('gpt-5-nano'), { mask: MASK }));
    reader.fromProvider(frame(completed(undefined, 10, 5)));
    expect(reader.observation.usage).to.deep.include({ inputTokens: 1_010, outputTokens: 5 });
    expect(reader.observation.usage?.parts).to.deep.equal([
      { inputTokens: 1_000, outputTokens: 0, totalTokens: 1_000, model: 'gpt-5.4-2026' },
      { inputTokens: 10, outputTokens: 5, totalTokens: 15, model: 'gpt-5-nano' },
    ]);
  });

  it('includes the transcription of the input, at its own model', () => {
    const transcribed = JSON.stringify({
      transcript: 'Hey', type: 'conversation.item.input_audio_transcription.completed',
      usage: { type: 'tokens', total_tokens: 22, input_tokens: 13, input_token_details: { text_tokens: 0, audio_tokens: 13 }, output_tokens: 9 },
    });
    for (const session of [
      { type: 'realtime', model: 'gpt-realtime', audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } },
      { model: 'gpt-realtime', input_audio_transcription: { model: 'gpt-4o-transcribe' } },
    ]) {
      const reader = new SessionReader(realtime, 'gpt-realtime');
      reader.fromProvider(frame(JSON.stringify({ type: 'session.created', session })));
      reader.fromProvider(frame(JSON.stringify({ type: 'session.updated', session: { model: 'gpt-realtime' } })));
      reader.fromProvider(frame(transcribed));
      reader.fromProvider(frame(JSON.stringify({ type: 'response.done', response: { status: 'completed', usage: { input_tokens: 5, output_tokens: 2 } } })));
      expect(reader.observation).to.include({ responseModel: 'gpt-realtime' });
      expect(reader.observation.usage?.parts).to.deep.equal([
        { inputTokens: 13, outputTokens: 9, totalTokens: 22, inputAudioTokens: 13, model: 'gpt-4o-transcribe' },
        { inputTokens: 5, outputTokens: 2, totalTokens: 7 },
      ]);
    }
  });

  it('is all of a session that only transcribes', () => {
    for (const event of [
      { type: 'session.created', session: { type: 'transcription', audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } } },
      { type: 'transcription_session.created', session: { input_audio_transcription: { model: 'gpt-4o-transcribe' } } },
    ]) {
      const reader = new SessionReader(realtime, undefined);
      reader.fromClient(frame('{"type":"transcription_session.update","session":{"input_audio_transcription":{"model":"gpt-4o-transcribe"}}}', { mask: MASK }));
      reader.fromProvider(frame(JSON.stringify(event)));
      reader.fromProvider(frame('{"type":"conversation.item.input_audio_transcription.completed","usage":{"type":"tokens","input_tokens":13,"output_tokens":9}}'));
      reader.fromProvider(frame('{"type":"conversation.item.input_audio_transcription.completed","usage":{"type":"duration","seconds":3}}'));
      expect(reader.model).to.equal('gpt-4o-transcribe');
      expect(reader.observation).to.include({ responseModel: 'gpt-4o-transcribe' });
      expect(reader.observation.usage).to.deep.include({ inputTokens: 13, outputTokens: 9, totalTokens: 22 });
    }
  });

  it('is read from Gemini\'s Live API, whose frames are binary', () => {
    const reader = new SessionReader(live, undefined);
    reader.fromClient(frame('{"setup":{"model":"models/gemini-3.1-flash-live"}}', { mask: MASK }));
    reader.fromProvider(frame('{"setupComplete":{}}', { opcode: 2 }));
    for (const [prompt, response] of [[143, 19], [181, 24]] as const) {
      reader.fromProvider(frame('{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"AA"}}]}}}', { opcode: 2 }));
      const details = [{ modality: 'AUDIO', tokenCount: response }];
      reader.fromProvider(frame(JSON.stringify({
        serverContent: { turnComplete: true },
        usageMetadata: { promptTokenCount: prompt, responseTokenCount: response, thoughtsTokenCount: 1, totalTokenCount: prompt + response, responseTokensDetails: details },
      }), { opcode: 2 }));
    }
    expect(reader.model).to.equal('gemini-3.1-flash-live');
    expect(reader.observation.usage).to.deep.include({ inputTokens: 324, outputTokens: 45, outputAudioTokens: 43, reasoningTokens: 2 });
    expect(reader.observation.usage?.parts).to.have.length(2);
  });

  it('takes bounded memory, however many turns there are', () => {
    const reader = new SessionReader(responses, undefined);
    const turns = Buffer.concat(Array.from({ length: 500 }, () => frame(completed('m', 1, 2))));
    for (let i = 0; i < 10; i++) reader.fromProvider(turns);
    expect(reader.observation.usage).to.deep.include({ inputTokens: 5_000, outputTokens: 10_000 });
    const parts = reader.observation.usage?.parts ?? [];
    expect(parts).to.have.length(1_000);
    expect(parts.reduce((sum, part) => sum + (part.inputTokens ?? 0), 0)).to.equal(5_000);
  });

  it('is read although pings and unfinished fragments flood', () => {
    const reader = new SessionReader(responses, undefined);
    reader.fromProvider(Buffer.concat(Array.from({ length: 20_000 }, () => frame('', { opcode: 9 }))));
    reader.fromProvider(frame('lost', { opcode: 0 })); // continues nothing
    reader.fromProvider(frame(completed('m', 1, 2).slice(0, 5), { final: false }));
    reader.fromProvider(frame('pong', { opcode: 10 }));
    reader.fromProvider(frame(completed('m', 1, 2).slice(5), { opcode: 0 }));
    expect(reader.observation.usage).to.deep.include({ inputTokens: 1, outputTokens: 2 });
  });
});
