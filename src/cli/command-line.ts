import type { Config } from '@oclif/core';
import { Failure } from '../domain/failure.js';
import { closest } from '../domain/closest.js';

/** What this file needs of oclif's configuration. */
export type Commands = Pick<Config, 'bin' | 'commandIDs' | 'findCommand' | 'findTopic'>;

const OWN_FLAGS = new Set(['--help', '-h', '--version', '-v']);

/** `--json` was said: stdout must be JSON, whatever happens. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes('--json');
}

/** `gateway help es init` is `gateway es init --help`. */
export function withoutHelpWord(argv: readonly string[]): string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
}

/**
 * Refuses a command line that names no command; oclif would answer some of them with the help of a
 * topic and exit code 0.
 *
 * @throws Failure `unknown_command`, `unknown_flag`
 */
export function checkCommand(commands: Commands, argv: readonly string[]): void {
  const [first] = argv;
  if (first === undefined || OWN_FLAGS.has(first)) return;
  if (first.startsWith('-')) {
    throw new Failure({
      code: 'unknown_flag',
      message: `${first}: stands before the name of a command`,
      fix: `Name the command first, for example ${commands.bin} serve; ${commands.bin} --help lists them.`,
    });
  }
  const flags = argv.findIndex((word) => word.startsWith('-'));
  const words = argv.slice(0, flags === -1 ? undefined : flags);
  const length = words.findLastIndex((_, index) => commands.findCommand(words.slice(0, index + 1).join(':')) !== undefined) + 1;
  if (length > 0) return checkArguments(commands, words, length);
  if (commands.findTopic(words.join(':')) === undefined) throw unknown(commands, words);
  const rest = argv.slice(words.length);
  if (rest.length > 0 && !rest.some((word) => OWN_FLAGS.has(word))) throw incomplete(commands, words);
}

/** oclif would take the word after a command without arguments for a part of its name. */
function checkArguments(commands: Commands, words: readonly string[], length: number): void {
  const command = commands.findCommand(words.slice(0, length).join(':'));
  if (words.length === length || command === undefined || command.strict === false || Object.keys(command.args).length > 0) return;
  const name = `${commands.bin} ${words.slice(0, length).join(' ')}`;
  throw new Failure({
    code: 'wrong_use',
    message: `${name}: takes no argument, and was given ${words.slice(length).join(' ')}`,
    fix: `${name} --help shows how to use it.`,
  });
}

function unknown(commands: Commands, words: readonly string[]): Failure {
  const { bin } = commands;
  const names = commands.commandIDs.map((id) => id.replaceAll(':', ' '));
  const meant = closest(words.slice(0, 2).join(' '), names) ?? closest(words[0] ?? '', names);
  const siblings = beneath(commands, words.slice(0, 1));
  return new Failure({
    code: 'unknown_command',
    message: `${bin} ${words.join(' ')}: there is no such command`,
    fix: meant !== undefined ? `Did you mean ${bin} ${meant}? ${bin} --help lists the commands.`
      : siblings.length > 0 ? `There are ${siblings.join(', ')}.` : `${bin} --help lists the commands.`,
  });
}

function incomplete(commands: Commands, words: readonly string[]): Failure {
  return new Failure({
    code: 'unknown_command',
    message: `${commands.bin} ${words.join(' ')}: is not a command by itself`,
    fix: `Say which: ${beneath(commands, words).join(', ')}.`,
  });
}

function beneath({ bin, commandIDs }: Commands, topic: readonly string[]): string[] {
  return commandIDs.filter((id) => id.startsWith(`${topic.join(':')}:`)).map((id) => `${bin} ${id.replaceAll(':', ' ')}`);
}
