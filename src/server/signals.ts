/** What the signals of a process mean to it. */
export interface SignalActions {
  /** SIGTERM, SIGINT, and a terminal that closes: finish what runs, then end. Asked for once. */
  readonly drain: () => void;
  /** A second SIGTERM or SIGINT: end now. */
  readonly exitNow: (code: number) => void;
  /** SIGHUP where no terminal was attached at the start, as to a daemon. Never called while draining. */
  readonly reload: () => void;
  /** SIGUSR2: start new workers in place of the old ones. Never called while draining. */
  readonly replace: () => void;
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const;

/**
 * Handles the signals of this process until the returned function is called. Two stop signals within a second count as
 * one, since npm forwards Ctrl-C to a child that has got it from the terminal already. SIGHUP and SIGUSR2 never end it
 * at once; SIGUSR1 stays Node's, which opens its inspector.
 *
 * @param terminal whether a terminal was attached at the start: SIGHUP then says that it closes
 */
export function onSignals(actions: SignalActions, terminal: boolean): () => void {
  let draining = false;
  let stoppedAt: number | undefined;
  const drain = (): void => {
    if (!draining) actions.drain();
    draining = true;
  };
  const handler = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && terminal) drain();
    else if (signal === 'SIGHUP' || signal === 'SIGUSR2') {
      if (!draining) actions[signal === 'SIGHUP' ? 'reload' : 'replace']();
    } else if (stoppedAt === undefined) {
      stoppedAt = performance.now();
      drain();
    } else if (performance.now() - stoppedAt > 1_000) {
      actions.exitNow(signal === 'SIGINT' ? 130 : 143);
    }
  };
  for (const signal of SIGNALS) process.on(signal, handler);
  return () => {
    for (const signal of SIGNALS) process.off(signal, handler);
  };
}
