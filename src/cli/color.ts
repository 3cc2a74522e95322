import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

/** What colour and animation depend on; `process.stdout` and `process.env` in life. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
}

/**
 * Whether a stream gets colour: a terminal that shows it, and nobody who forbids it (`NO_COLOR`,
 * `TERM=dumb`). `FORCE_COLOR` (other than `0`) gives colour to a pipe too; `NO_COLOR` wins over it.
 */
export function hasColor(stream: Terminal, env: NodeJS.ProcessEnv): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

export function paint(style: Style, text: string, color: boolean): string {
  return color ? styleText(style, text, { validateStream: false }) : text;
}
