import { isatty } from 'node:tty';

/** Whether a terminal is attached to this process, which then gets SIGHUP when it closes. */
export function hasTerminal(): boolean {
  return [0, 1, 2].some((descriptor) => isatty(descriptor));
}

/**
 * `gateway serve` must not end by a signal that asks it to reload or to replace its workers, not even before it is ready
 * to do so. Without handlers Node ends at SIGHUP and SIGUSR2.
 */
export function outliveEarlySignals(argv: readonly string[], terminal: boolean): void {
  if (argv[0] !== 'serve') return;
  process.on('SIGUSR2', () => undefined);
  if (!terminal) process.on('SIGHUP', () => undefined);
}
