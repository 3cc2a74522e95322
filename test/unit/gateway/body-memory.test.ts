import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { BodyGarbage } from '../../../src/gateway/body-garbage.js';
import { BodyMemory } from '../../../src/gateway/body-memory.js';
import type { ClientRequest } from '../../../src/gateway/client.js';
import { BufferBudget, BufferedBody } from '../../../src/gateway/request-body.js';
import { usedMemory } from '../../support/used-memory.js';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('memory for long bodies', () => {
  it('is long enough, never with two at once, and within its limit', () => {
    const steps = fc.array(fc.record({ bytes: fc.integer({ min: 64 * KIB + 1, max: MIB }), then: fc.constantFrom('hold', 'give', 'forget') }), { maxLength: 60 });
    fc.assert(fc.property(steps, (wanted) => {
      const memory = new BodyMemory(4 * MIB);
      const held: Buffer[] = [];
      for (const { bytes, then } of wanted) {
        const piece = memory.take(bytes);
        const sum = held.reduce((total, { length }) => total + length, 0);
        if (piece === undefined) {
          expect(sum + 2 * bytes).to.be.greaterThan(4 * MIB);
        } else {
          expect(piece.length).to.be.at.least(bytes).and.below(2 * bytes);
          expect(held.some(({ buffer }) => buffer === piece.buffer)).to.equal(false);
          expect(sum + piece.length).to.be.at.most(4 * MIB);
          held.push(piece);
        }
        if (then === 'hold' || held.length === 0) continue;
        memory[then](held.shift() as Buffer);
      }
    }), { numRuns: 200 });
  });

  it('is used again once given, not once forgotten', () => {
    const memory = new BodyMemory();
    const first = memory.take(100 * KIB) as Buffer;
    memory.give(first);
    expect(memory.take(120 * KIB)).to.equal(first);
    memory.forget(first);
    expect(memory.take(100 * KIB)).not.to.equal(first);
  });

  it('is not for bodies that are short or huge, and what lies free makes room for other lengths', () => {
    const memory = new BodyMemory(MIB);
    expect([memory.take(64 * KIB), memory.take(MIB + 1)]).to.deep.equal([undefined, undefined]);
    const small = Array.from({ length: 8 }, () => memory.take(128 * KIB) as Buffer);
    expect(memory.take(128 * KIB)).to.equal(undefined);
    for (const piece of small) memory.give(piece);
    expect(memory.take(MIB)?.length).to.equal(MIB);
  });
});

describe('a body read into memory', () => {
  /** Reads a body that comes in pieces cut at these places. */
  function read(memory: BodyMemory, bytes: Buffer, cuts: readonly number[], declared = bytes.length): { body: Buffer; buffered: BufferedBody } {
    const request = Object.assign(new EventEmitter(), { headers: declared > 0 ? { 'content-length': String(declared) } : { 'transfer-encoding': 'chunked' } });
    let body: Buffer | undefined;
    const buffered = new BufferedBody(request as unknown as ClientRequest, {
      onBody: (whole) => { body = whole; },
      onBodyFailure: (reason) => { throw new Error(reason); },
      onBodyFault: (error) => { throw error; },
    }, new BufferBudget(10 * MIB), memory, 10 * MIB);
    buffered.start();
    let from = 0;
    for (const to of [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]) {
      request.emit('data', bytes.subarray(from, to));
      from = to;
    }
    request.emit('end');
    return { body: body as Buffer, buffered };
  }

  it('takes little more memory than it has bytes, when it comes byte by byte', () => {
    const length = 2_000_000;
    const request = Object.assign(new EventEmitter(), { headers: { 'transfer-encoding': 'chunked' } });
    let body: Buffer | undefined;
    const reader = {
      onBody: (whole: Buffer) => { body = whole; }, onBodyFailure: () => undefined, onBodyFault: () => undefined,
    };
    const budget = new BufferBudget(10 * MIB);
    new BufferedBody(request as unknown as ClientRequest, reader, budget, new BodyMemory(), 10 * MIB).start();
    const bytes = Buffer.alloc(length, 'x');
    const before = usedMemory();
    for (let i = 0; i < length; i++) request.emit('data', bytes.subarray(i, i + 1));
    expect(usedMemory() - before).to.be.below(4 * length);
    request.emit('end');
    expect(body?.equals(bytes)).to.equal(true);
  });

  it('is what was sent, wherever it was cut and whatever lay there before', () => {
    const memory = new BodyMemory();
    fc.assert(fc.property(fc.integer({ min: 1, max: 300 * KIB }), fc.array(fc.nat(300 * KIB), { maxLength: 8 }), fc.nat(255), fc.boolean(), fc.boolean(), (length, cuts, fill, declared, unread) => {
      const bytes = Buffer.alloc(length, fill);
      bytes[length - 1] = 0;
      const { body, buffered } = read(memory, bytes, cuts, declared ? bytes.length : 0);
      expect(body.equals(bytes)).to.equal(true);
      buffered.release(unread);
    }), { numRuns: 200 });
  });

  it('is whole where more comes than was declared', () => {
    const bytes = Buffer.alloc(400 * KIB, 'x');
    const memory = new BodyMemory(128 * KIB);
    const { body, buffered } = read(memory, bytes, [50 * KIB, 120 * KIB, 200 * KIB, 300 * KIB], 100 * KIB);
    expect(body.equals(bytes)).to.equal(true);
    buffered.release(true);
    expect(memory.take(100 * KIB)?.buffer).not.to.equal(body.buffer); // it is room for one again
    expect(memory.take(100 * KIB)).to.equal(undefined);
  });

  it('leaves its memory to the next only when nobody reads it any more', () => {
    const memory = new BodyMemory();
    const bytes = Buffer.alloc(200 * KIB);
    const first = read(memory, bytes, [64 * KIB]);
    const second = read(memory, bytes, [64 * KIB]);
    expect(second.body.buffer).not.to.equal(first.body.buffer);
    first.buffered.release(true);
    first.buffered.release(true); // the second time there is nothing to give
    second.buffered.release();
    const third = read(memory, bytes, [64 * KIB]);
    const fourth = read(memory, bytes, [64 * KIB]);
    expect(third.body.buffer).to.equal(first.body.buffer);
    expect([first.body.buffer, second.body.buffer]).not.to.include(fourth.body.buffer);
  });
});

describe('garbage of long bodies', () => {
  async function collections(sizes: readonly number[]): Promise<NodeJS.GCOptions[]> {
    const asked: NodeJS.GCOptions[] = [];
    const garbage = new BodyGarbage(((options: NodeJS.GCOptions) => { asked.push(options); }) as NodeJS.GCFunction);
    for (const size of sizes) garbage.add(size);
    expect(asked).to.deep.equal([]); // not while an answer is under way
    await new Promise((resolve) => { setImmediate(resolve); });
    return asked;
  }

  it('is collected young, once for every few megabytes', async () => {
    expect(await collections(Array.from({ length: 41 }, () => 100 * KIB))).to.deep.equal([{ type: 'minor', execution: 'sync' }]);
    expect(await collections(Array.from({ length: 200 }, () => 100 * KIB))).to.have.length(1);
    expect(await collections(Array.from({ length: 40 }, () => 100 * KIB))).to.deep.equal([]);
  });

  it('is not counted for short and for huge bodies', async () => {
    expect(await collections(Array.from({ length: 10_000 }, () => 15 * KIB))).to.deep.equal([]);
    expect(await collections(Array.from({ length: 20 }, () => 2 * MIB))).to.deep.equal([]);
  });

  it('is V8\'s business alone where the runtime has no gc', () => {
    expect(() => { new BodyGarbage(undefined).add(MIB); }).not.to.throw();
  });
});
