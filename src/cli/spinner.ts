import { hasColor, paint } from './color.js';

/**
 * Shows `text` with a spinner on stderr while `work` runs, then how it ended. Without `enabled`
 * (a pipe, `--json`) nothing is printed and ora is not even loaded.
 */
export async function withSpinner<T>(text: string, work: () => Promise<T>, options: { enabled: boolean }): Promise<T> {
  if (!options.enabled) return work();
  const { default: ora } = await import('ora');
  // ora knows nothing of NO_COLOR. Its hold on stdin would swallow Ctrl-C.
  const color = hasColor(process.stderr, process.env);
  const spinner = ora({ text, stream: process.stderr, discardStdin: false, color: color ? 'cyan' : false }).start();
  try {
    const result = await work();
    spinner.stopAndPersist({ symbol: paint('green', '✔', color) });
    return result;
  } catch (error) {
    spinner.stopAndPersist({ symbol: paint('red', '✖', color) });
    throw error;
  }
}
