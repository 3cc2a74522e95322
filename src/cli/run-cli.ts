import { Config, Errors, run, settings } from '@oclif/core';
import { EXIT, Failure } from '../domain/failure.js';
import { hasColor } from './color.js';
import { checkCommand, wantsJson, withoutHelpWord } from './command-line.js';
import { errorJson, errorText, reportOf } from './error-report.js';

export interface RunOptions {
  /** Folder of the package (where `package.json` lies). */
  readonly root: string;
  /** What follows the program's name. */
  readonly argv: readonly string[];
  /** Run commands from `src/` through tsx; from `dist/` unless given. */
  readonly fromSource?: boolean;
}

/**
 * Runs one command line and resolves with the exit code, all output written. Every error is told here,
 * once: on stderr, or as `{"error":{…}}` on stdout under `--json`.
 */
export async function runCli({ root, argv: given, fromSource = false }: RunOptions): Promise<number> {
  // NODE_ENV=test or development must not make an installed gateway look for its TypeScript sources.
  settings.enableAutoTranspile = fromSource;
  toleratePipesThatClose();
  const argv = withoutHelpWord(given);
  const json = wantsJson(argv);
  let exitCode: number;
  try {
    // A manifest is of the last build: it would hide what the sources say.
    const config = await Config.load({ root, ignoreManifest: fromSource });
    checkCommand(config, argv);
    await run(argv, config);
    exitCode = Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    exitCode = tell(error, argv, json);
  }
  await Promise.all([written(process.stdout), written(process.stderr)]);
  return exitCode;
}

function tell(error: unknown, argv: readonly string[], json: boolean): number {
  if (error instanceof Errors.ExitError) return error.oclif.exit ?? EXIT.ok;
  const report = reportOf(error, commandOf(argv));
  if (json) process.stdout.write(errorJson(report));
  else process.stderr.write(errorText(report, hasColor(process.stderr, process.env), process.stderr.isTTY && process.stderr.columns > 0 ? process.stderr.columns : undefined));
  if (wantsStack(process.env) && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
  return report.exitCode;
}

/** The words of the command line before its first flag. */
function commandOf(argv: readonly string[]): string {
  const flags = argv.findIndex((word) => word.startsWith('-'));
  return ['gateway', ...argv.slice(0, flags === -1 ? undefined : flags)].join(' ');
}

function stackOf(error: Error): string {
  const stack = error.stack ?? String(error);
  return error instanceof Failure && error.cause instanceof Error ? `${stack}\ncaused by ${error.cause.stack ?? String(error.cause)}` : stack;
}

/** `DEBUG=gateway` or `DEBUG=*`; a DEBUG that is meant for other programs shows no stack. */
function wantsStack(env: NodeJS.ProcessEnv): boolean {
  return (env['DEBUG'] ?? '').split(/[\s,]+/).some((name) => name === '*' || name.startsWith('gateway'));
}

/** `gateway … | head` closes the pipe early, and a terminal may close while we drain (EIO): neither is an error of ours. */
function toleratePipesThatClose(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }
}

/** Resolves when everything has left the process, or the other end is gone. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else stream.write('', () => { resolve(); });
  });
}
