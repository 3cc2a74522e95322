import { stripVTControlCharacters } from 'node:util';
import { Errors } from '@oclif/core';
import { jsonWithoutControls } from '../domain/control-characters.js';
import { EXIT, Failure } from '../domain/failure.js';
import { closest } from '../domain/closest.js';
import { paint } from './color.js';
import { printableLines } from './printable.js';
import { wrapped } from './wrap.js';

/** An error as the user sees it. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly exitCode: number;
}

/** Lines after the first stand below the text, behind `Error: `. */
const INDENT = ' '.repeat('Error: '.length);

/** What oclif adds to its messages about flags; the fix says it already. */
const OCLIF_HINT = /\nSee more help with --help\s*$/;
/** What oclif puts before a single wrong flag. */
const OCLIF_HEAD = /^The following error occurred:\n\s*/;

/**
 * Whatever a command threw, in the words of a user: Failures as they are, wrong flags of oclif's parser
 * as wrong use, and everything else as a fault of the gateway itself.
 *
 * @param command as the user would say it: `gateway es init`
 */
export function reportOf(error: unknown, command: string): ErrorReport {
  if (error instanceof Failure) return error;
  if (error instanceof Errors.CLIError) {
    const meant = meantFlag(error);
    return {
      code: isUnknownFlag(error) ? 'unknown_flag' : 'wrong_use',
      message: flagMessage(error.message),
      fix: `${meant === undefined ? '' : `Did you mean --${meant}? `}${command} --help shows how to use it.`,
      exitCode: EXIT.usage,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'unexpected_error',
    message: `Something unexpected happened: ${message === '' ? 'an error without words' : message}`,
    fix: 'Run it again with DEBUG=gateway to see where; please report it with that output.',
    exitCode: EXIT.failed,
  };
}

/** What oclif says about flags, without its frame, its colours and the values of flags that have none. */
function flagMessage(text: string): string {
  return stripVTControlCharacters(text).replace(OCLIF_HINT, '').replace(OCLIF_HEAD, '').replaceAll(/(--[\w-]+)=true\b/g, '$1');
}

/** For stderr: `Error:` and what to do; `width` is that of the terminal, where there is one. */
export function errorText({ code, message, fix }: ErrorReport, color: boolean, width?: number): string {
  return pairs(code, message, fix).map((pair) => paragraph(pair.message, pair.fix, color, width)).join('');
}

/** Several bad settings have a line of each for each: every one with its own fix below it. */
function pairs(code: string, message: string, fix: string): { readonly message: string; readonly fix: string }[] {
  const messages = message.split('\n');
  const fixes = fix.split('\n');
  if (code !== 'bad_configuration' || messages.length !== fixes.length) return [{ message, fix }];
  return messages.map((line, i) => ({ message: line, fix: fixes[i] ?? '' }));
}

function paragraph(message: string, fix: string, color: boolean, width: number | undefined): string {
  return `${paint('red', 'Error:', color)} ${indented(message, width)}\n${paint('bold', 'Fix:', color)}   ${indented(fix, width)}\n`;
}

/** For stdout under `--json`. */
export function errorJson({ code, message, fix }: ErrorReport): string {
  return `${jsonWithoutControls(JSON.stringify({ error: { code, message, fix } }, null, 2))}\n`;
}

function indented(text: string, width?: number): string {
  return wrapped(printableLines(text), width === undefined ? undefined : width - INDENT.length).replaceAll('\n', `\n${INDENT}`);
}

type ParseError = Errors.CLIError & {
  readonly flags?: readonly string[];
  readonly parse?: { readonly input?: { readonly flags?: Readonly<Record<string, unknown>> } };
};

function isUnknownFlag(error: Errors.CLIError): boolean {
  return error.constructor.name === 'NonExistentFlagsError';
}

function meantFlag(error: ParseError): string | undefined {
  const [given] = error.flags ?? [];
  if (!isUnknownFlag(error) || given === undefined) return undefined;
  return closest(given.replace(/^-+/, ''), Object.keys(error.parse?.input?.flags ?? {}));
}
