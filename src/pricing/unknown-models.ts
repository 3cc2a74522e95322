/** Names come from clients: so many are told, and no more. */
const LIMIT = 1_000;

/** Counts calls that cannot be priced, and tells once per provider and model. */
export class UnknownModels {
  calls = 0;
  readonly #told = new Set<string>();
  readonly #tell: ((provider: string, model: string) => void) | undefined;

  constructor(tell: ((provider: string, model: string) => void) | undefined) {
    this.#tell = tell;
  }

  met(provider: string, model: string | undefined): void {
    this.calls += 1;
    if (model === undefined || this.#tell === undefined) return;
    const key = `${provider}\n${model}`;
    if (this.#told.has(key) || this.#told.size >= LIMIT) return;
    this.#told.add(key);
    this.#tell(provider, model);
  }
}
