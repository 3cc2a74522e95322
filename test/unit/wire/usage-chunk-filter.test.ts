import { expect } from 'chai';
import { UsageChunkFilter } from '../../../src/wire/usage-chunk-filter.js';
import { fixtureBytes } from './stream-fixtures.js';

function run(...chunks: string[]): string {
  const filter = new UsageChunkFilter();
  const out = [...chunks.map((chunk) => filter.push(Buffer.from(chunk))), filter.end()];
  return Buffer.concat(out.filter((bytes) => bytes !== undefined)).toString('utf8');
}

const text = 'data: {"choices":[{"delta":{"content":"Hi"}}],"usage":null}\n\n';
const usage = 'data: {"id":"x","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n';
const done = 'data: [DONE]\n\n';

describe('usage chunk filter', () => {
  it('takes out exactly the chunk with empty choices and a usage object', () => {
    expect(run(text + usage + done)).to.equal(text + done);
    expect(run(text, usage, done)).to.equal(text + done);
    const stream = fixtureBytes('openai/chat-stream.sse').toString('utf8');
    const events = stream.split('\n\n');
    expect(run(stream)).to.equal([...events.slice(0, 4), ...events.slice(5)].join('\n\n'));
  });

  it('leaves Azure\'s first chunk, which has empty choices and no usage', () => {
    const stream = fixtureBytes('azure-openai/chat-stream.sse').toString('utf8');
    const out = run(stream);
    expect(out).to.include('prompt_filter_results').and.not.include('prompt_tokens');
    expect(out.length).to.equal(stream.length - (stream.split('\n\n').find((event) => event.includes('prompt_tokens'))?.length ?? 0) - 2);
  });

  it('leaves usage that comes with choices, null usage and events that are not JSON', () => {
    for (const kept of [
      'data: {"choices":[{"index":0}],"usage":{"prompt_tokens":1}}\n\n', 'data: {"choices":[],"usage":null}\n\n',
      'data: {"choices":[],"usage":{\n\n', 'data: {"usage":{"prompt_tokens":1},"error":{}}\n\n', ': "usage":1\n\n', '\n\n\n', 'event: x\nid: 1\n\n',
      'data: {"choices":[],"note":"\\"usage\\":{}"}\n\n',
    ]) expect(run(text + kept + done)).to.equal(text + kept + done);
  });

  it('knows it without a space after the colon, over several data lines, with other fields and with any line end', () => {
    const json = usage.slice(6, -2);
    for (const end of ['\n', '\r\n', '\r']) {
      for (const event of [`data:${json}`, `event: chunk${end}id: 7${end}data: ${json}`, `data: {"choices":[],${end}data: "usage":{"a":1}}`]) {
        expect(run(`data: 1${end}${end}${event}${end}${end}data: 2${end}${end}`), JSON.stringify(event))
          .to.equal(`data: 1${end}${end}data: 2${end}${end}`);
      }
    }
  });

  it('drops the second half of a CRLF with its event', () => {
    expect(run('data: {"choices":[],"usage":{}}\r\n\r', '\ndata: 2\r\n\r\n')).to.equal('data: 2\r\n\r\n');
    expect(run('data: 1\r\n\r', '\ndata: 2\r\n\r\n')).to.equal('data: 1\r\n\r\ndata: 2\r\n\r\n');
  });

  it('holds back no more than one incomplete event', () => {
    const filter = new UsageChunkFilter();
    expect(filter.push(Buffer.from(`${text}data: {"choi`))?.toString()).to.equal(text);
    expect(filter.push(Buffer.from('ces":[]}'))).to.equal(undefined);
    expect(filter.push(Buffer.from('\n\n'))?.toString()).to.equal('data: {"choices":[]}\n\n');
    expect(filter.end()).to.equal(undefined);
  });

  it('takes out a usage chunk that the end of the stream cuts short of its blank line, and nothing else', () => {
    expect(run(text + usage.trimEnd())).to.equal(text);
    expect(run(`${text}data: {"choices":[],"usage":{"prompt`)).to.equal(`${text}data: {"choices":[],"usage":{"prompt`);
    expect(run(`${text}data: [DONE]`)).to.equal(`${text}data: [DONE]`);
  });

  it('lets an event above 64 KiB pass while it is still coming, and filters again after it', () => {
    const filter = new UsageChunkFilter();
    const big = `data: {"choices":[],"usage":{"x":"${'y'.repeat(70_000)}`;
    expect(filter.push(Buffer.from(big))?.length).to.equal(big.length);
    expect(filter.push(Buffer.from('zz'))?.toString()).to.equal('zz');
    expect(filter.push(Buffer.from('"}}\n'))?.toString()).to.equal('"}}\n');
    expect(filter.push(Buffer.from(`\n${usage}${done}`))?.toString()).to.equal(`\n${done}`);
  });

  it('passes a chunk on without copying it where there is nothing to take out', () => {
    const chunk = Buffer.from(text);
    expect(new UsageChunkFilter().push(chunk)?.buffer).to.equal(chunk.buffer);
  });
});
