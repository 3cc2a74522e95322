/**
 * Whether a writer (`PID-RANDOM`) will never append again. `writers` are those of our own processes:
 * of such a process nobody else writes. Where it is not certain the answer is no, and the segment is
 * only taken as closed later.
 */
export function writerIsGone(writer: string, writers: ReadonlyMap<number, string>): boolean {
  const pid = Number(writer.slice(0, writer.indexOf('-')));
  const current = writers.get(pid);
  if (current !== undefined) return current !== writer;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
