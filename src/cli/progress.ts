const BAR = 30;

/** One line on stderr that is drawn anew: a bar, a share and a count. Nothing is drawn unless `enabled`. */
export class ProgressBar {
  readonly #enabled: boolean;
  readonly #write: (text: string) => unknown;
  #drawn = '';

  constructor({ enabled, write = (text) => process.stderr.write(text) }: { readonly enabled: boolean; readonly write?: (text: string) => unknown }) {
    this.#enabled = enabled;
    this.#write = write;
  }

  /** @param show how the count is written, such as `bytesText` */
  update(text: string, done: number, total: number, show: (count: number) => string = String): void {
    if (!this.#enabled) return;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const filled = Math.round(share * BAR);
    const line = `${text} [${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}] ${String(Math.floor(share * 100))} % (${show(done)} of ${show(total)})`;
    this.#write(`\r${line.padEnd(this.#drawn.length)}`);
    this.#drawn = line;
  }

  /** Leaves the line as it is; what follows begins on a new one. */
  end(): void {
    if (this.#drawn !== '') this.#write('\n');
    this.#drawn = '';
  }
}
