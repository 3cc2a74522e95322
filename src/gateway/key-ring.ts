import { hash } from 'node:crypto';

/** A key that opens the gateway, and whom it stands for. */
export interface GatewayKey {
  readonly label: string;
  readonly key: string;
}

/**
 * Keys by their digest: finding one costs the same among thousands, and how long it takes says
 * nothing about a key but its length (nobody can choose a digest's first bytes).
 */
export class KeyRing {
  readonly #labels: ReadonlyMap<string, string>;
  readonly #lengths: ReadonlySet<number>;
  readonly #shortest: number;

  constructor(keys: readonly GatewayKey[]) {
    this.#labels = new Map(keys.map(({ label, key }) => [digest(key), label]));
    this.#lengths = new Set(keys.map(({ key }) => key.length));
    this.#shortest = keys.length === 0 ? Infinity : Math.min(...this.#lengths);
  }

  get size(): number {
    return this.#labels.size;
  }

  /** Whom the key stands for; undefined where it is not one of these. */
  label(key: string): string | undefined {
    return this.#lengths.has(key.length) ? this.#labels.get(digest(key)) : undefined;
  }

  /** Whether one of the keys stands in the text: as a whole, or as one of its words (`Token KEY`, `k=KEY; …`). */
  occursIn(text: string): boolean {
    if (text.length < this.#shortest) return false;
    if (this.#has(text)) return true;
    let word = 0;
    let part = 0;
    for (let i = 0; i <= text.length; i++) {
      const kind = i === text.length ? 'word' : separator(text.charCodeAt(i));
      if (kind === undefined) continue;
      if (i - part >= this.#shortest && this.#has(text.slice(part, i))) return true;
      part = i + 1;
      if (kind === 'part') continue;
      if (i - word >= this.#shortest && this.#has(text.slice(word, i))) return true;
      word = i + 1;
    }
    return false;
  }

  /** Only what is as long as a key is worth a digest. */
  #has(word: string): boolean {
    return this.#lengths.has(word.length) && this.#labels.has(digest(word));
  }
}

/** Blanks and `" & , ; =` end a word; `' . / : < > ? @`, which a key may hold, end a part of one. */
function separator(code: number): 'word' | 'part' | undefined {
  if (code <= 0x20 || code === 0x22 || code === 0x26 || code === 0x2c || code === 0x3b || code === 0x3d) return 'word';
  return code === 0x27 || code === 0x2e || code === 0x2f || (code >= 0x3a && code <= 0x40) ? 'part' : undefined;
}

function digest(key: string): string {
  return hash('sha256', key, 'base64');
}
