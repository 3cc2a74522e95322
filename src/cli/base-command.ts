import { Command } from '@oclif/core';
import { jsonWithoutControls } from '../domain/control-characters.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { hasColor } from './color.js';
import { jsonPieces } from './json-pieces.js';
import { wrapped } from './wrap.js';

/**
 * What every command shares. `run()` returns the object that `--json` prints (where `enableJsonFlag`
 * is set) and throws Failures; `runCli` turns those into words and exit codes. A check that failed is
 * no error: the command prints its result and sets `process.exitCode = EXIT.failed`.
 */
export abstract class BaseCommand extends Command {
  /**
   * The configuration; flags by variable name (`{ PORT: flags.port }`) win, undefined ones are not given.
   * @throws Failure `bad_configuration` that names every bad variable
   */
  protected loadConfig(flags: Readonly<Record<string, string | undefined>> = {}): Config {
    return loadConfig({ flags });
  }

  /** Prints to stdout; nothing under `--json`, whose stdout is the JSON alone. */
  protected out(text: string): void {
    if (!this.jsonEnabled()) process.stdout.write(`${text}\n`);
  }

  /** Prints sentences to stdout as `out` does, broken between words at the terminal's width. */
  protected say(text: string): void {
    this.out(wrapped(text, this.width));
  }

  /** Prints to stderr: progress and warnings. */
  protected note(text: string): void {
    const { isTTY, columns } = process.stderr;
    process.stderr.write(`${wrapped(text, isTTY && columns > 0 ? columns : undefined)}\n`);
  }

  /** Whether stdout gets colour. */
  protected get color(): boolean {
    return !this.jsonEnabled() && hasColor(process.stdout, process.env);
  }

  /** Whether progress may move on stderr (`withSpinner`). On a terminal of no width ora would clear lines for ever. */
  protected get animated(): boolean {
    return !this.jsonEnabled() && process.stderr.isTTY && process.stderr.columns > 0 && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined;
  }

  /** Columns of the terminal for `renderTable`; undefined in a pipe, and where the terminal does not know. */
  protected get width(): number | undefined {
    return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : undefined;
  }

  override logJson(json: unknown): void {
    for (const piece of jsonPieces(json)) process.stdout.write(jsonWithoutControls(piece));
    process.stdout.write('\n');
  }

  /** Errors are told in one place, `runCli`. */
  protected override catch(error: Error): Promise<never> {
    return Promise.reject(error);
  }
}
