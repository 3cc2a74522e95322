/** Names come from clients: so many are told, and no more. */
const LIMIT = 1_000;

/** Tells once per provider and model that it cannot be priced. */
export class UnknownModels {
  readonly #told = new Set<string>();
  readonly #tell: ((provider: string, model: string) => void) | undefined;

  constructor(tell: ((provider: string, model: string) => void) | undefined) {
    this.#tell = tell;
  }

  met(provider: string, model: string | undefined): void {
    if (model === undefined || this.#tell === undefined) return;
    const key = `${provider}\n${model}`;
    if (this.#told.has(key) || this.#told.size >= LIMIT) return;
    this.#told.add(key);
    this.#tell(provider, model);
  }
}
