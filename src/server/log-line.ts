import { styleText } from 'node:util';
import { jsonWithoutControls } from '../domain/control-characters.js';

const STYLES = {
  trace: 'dim', debug: 'dim', info: 'green', warn: 'yellow', error: 'red', fatal: 'red',
} as const;

/** A JSON line of the log as a person reads it: `08:21:47 warn  no price is known … model=gpt-9`. */
export function readableLine(line: string, color: boolean): string {
  const { level, time, name: _, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const label = String(level).padEnd(5);
  const style = STYLES[level as keyof typeof STYLES] as (typeof STYLES)[keyof typeof STYLES] | undefined;
  const painted = color && style !== undefined ? styleText(style, label, { validateStream: false }) : label;
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${shown(value)}`);
  return `${String(time).slice(11, 19)} ${painted} ${typeof msg === 'string' ? msg : ''}${fields.join('')}\n`;
}

/** Bare words stay bare; everything else is JSON without a character that could steer a terminal. */
function shown(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:@+-]+$/.test(value)) return value;
  return jsonWithoutControls(JSON.stringify(value));
}
