/**
 * Shows `text` with a spinner on stderr while `work` runs, then how it ended. Without `enabled`
 * (a pipe, `--json`) nothing is printed and ora is not even loaded.
 */
export async function withSpinner<T>(text: string, work: () => Promise<T>, options: { enabled: boolean }): Promise<T> {
  if (!options.enabled) return work();
  const { default: ora } = await import('ora');
  // Signals stay with Node: ora would else swallow Ctrl-C.
  const spinner = ora({ text, stream: process.stderr, discardStdin: false }).start();
  try {
    const result = await work();
    spinner.succeed();
    return result;
  } catch (error) {
    spinner.fail();
    throw error;
  }
}
