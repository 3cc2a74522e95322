const SHARDS = 256;
const FIRST_SLOTS = 64;

/**
 * Ids of records, as hashes of 64 bits: a full log has more of them than a Set can hold, and each takes some 14 bytes
 * instead of 100. Two ids of 20 million are taken for one with a probability of 1 in 100,000.
 */
export class IdSet {
  readonly #shards: Shard[] = Array.from({ length: SHARDS }, () => ({ slots: new Uint32Array(FIRST_SLOTS * 2), used: 0 }));
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether the id was not there yet. */
  add(id: string): boolean {
    const [high, low] = hash(id);
    const shard = this.#shards[high >>> 24] as Shard;
    if (shard.used * 4 >= shard.slots.length / 2 * 3) grow(shard);
    const at = find(shard.slots, high, low);
    if (shard.slots[at + 1] !== 0) return false;
    shard.slots[at] = high;
    shard.slots[at + 1] = low;
    shard.used++;
    this.#size++;
    return true;
  }

  has(id: string): boolean {
    const [high, low] = hash(id);
    const { slots } = this.#shards[high >>> 24] as Shard;
    return slots[find(slots, high, low) + 1] !== 0;
  }
}

/** Pairs of numbers; the second one is 0 where the slot is free. */
interface Shard {
  slots: Uint32Array;
  used: number;
}

function find(slots: Uint32Array, high: number, low: number): number {
  const mask = slots.length / 2 - 1;
  for (let slot = low & mask; ; slot = (slot + 1) & mask) {
    const at = slot * 2;
    if (slots[at + 1] === 0 || (slots[at + 1] === low && slots[at] === high)) return at;
  }
}

function grow(shard: Shard): void {
  const before = shard.slots;
  shard.slots = new Uint32Array(before.length * 2);
  for (let at = 0; at < before.length; at += 2) {
    const [high, low] = [before[at] as number, before[at + 1] as number];
    if (low === 0) continue;
    const free = find(shard.slots, high, low);
    shard.slots[free] = high;
    shard.slots[free + 1] = low;
  }
}

/** Two halves of 32 bits; the second is never 0. */
function hash(id: string): [number, number] {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0xcc9e2d51);
    b ^= b >>> 15;
  }
  a = mix(a ^ Math.imul(b, 0x9e3779b1));
  b = mix(b ^ a);
  return [a >>> 0, (b >>> 0) || 1];
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
