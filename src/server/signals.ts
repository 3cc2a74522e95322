/**
 * SIGTERM and SIGINT: the first asks for a drain, a second one ends at once. Two within a second
 * count as one, since npm forwards Ctrl-C to a child that has got it from the terminal already.
 */
export function onStopSignals(drain: () => void, exitNow: (code: number) => void): () => void {
  let firstAt: number | undefined;
  const handler = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      drain();
    } else if (now - firstAt > 1_000) {
      exitNow(signal === 'SIGINT' ? 130 : 143);
    }
  };
  process.on('SIGTERM', handler);
  process.on('SIGINT', handler);
  return () => {
    process.off('SIGTERM', handler);
    process.off('SIGINT', handler);
  };
}
