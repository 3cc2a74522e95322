/** What the stand-in provider answers from now on; sent over its IPC channel. */
export type Script =
  | { readonly kind: 'json'; /** Length of the answer's text. */ readonly textBytes: number }
  | { readonly kind: 'stream'; readonly chunks: number; /** Milliseconds between events; 0 = the running streams take turns. */ readonly delayMs: number };

export interface ScriptOrder {
  readonly id: number;
  readonly script: Script;
}

/** Told by the stand-in: where it listens, and that a script is in force, with the requests answered before it. */
export type StandInReport =
  | { readonly kind: 'listening'; readonly port: number; readonly tlsPort: number | undefined }
  | { readonly kind: 'scripted'; readonly id: number; readonly answered: number };
