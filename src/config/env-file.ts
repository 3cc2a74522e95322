import { VARIABLES } from './schema.js';
import type { Variable } from './variable.js';

const WIDTH = 100;

/** A `.env` in which every variable stands as a comment, with what it means and its default: nothing in it changes anything. */
export function envFile(): string {
  const head = ['# Settings of the gateway. Flags and the environment win over this file; remove the # of what you want to change.'];
  return `${[...head, ...Object.entries<Variable<unknown>>(VARIABLES).map(([name, variable]) => entry(name, variable))].join('\n\n')}\n`;
}

function entry(name: string, variable: Variable<unknown>): string {
  const standard = variable.default === undefined ? variable.defaultText : undefined;
  const words = `${variable.description}${standard === undefined ? '' : ` (default: ${standard})`}`;
  return `${wrap(words)}\n#${name}=${variable.default ?? ''}`;
}

function wrap(text: string): string {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
