import { withoutControls } from '../domain/control-characters.js';

/**
 * Text as it may stand on a terminal: control characters and those that turn the direction of text
 * are written out (`\x1b`, `\u202e`), so that what a client sent cannot steer the screen.
 */
export function printable(text: string): string {
  return withoutControls(text);
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
