import { createInterface } from 'node:readline/promises';

/** Where a question is asked: `process.stdin` and `process.stderr` in life. */
export interface Console {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Asks a question on the terminal, `no` being the answer to a mere Enter; yes where nobody sits there to be asked. */
export async function confirm(question: string, { input, output }: Console = { input: process.stdin, output: process.stderr }): Promise<boolean> {
  if (input.isTTY !== true || output.isTTY !== true) return true;
  const terminal = createInterface({ input, output });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
