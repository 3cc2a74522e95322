import { hasColor, paint } from './color.js';

/**
 * Shows `text` with a spinner on stderr while `work` runs. Afterwards the line is gone, or with `keep`
 * says how it ended. Without `enabled` (a pipe, `--json`) nothing is printed and ora is not even loaded.
 */
export async function withSpinner<T>(text: string, work: () => Promise<T>, options: { enabled: boolean; keep?: boolean }): Promise<T> {
  if (!options.enabled) return work();
  const { default: ora } = await import('ora');
  // ora knows nothing of NO_COLOR. Its hold on stdin would swallow Ctrl-C.
  const color = hasColor(process.stderr, process.env);
  const spinner = ora({ text, stream: process.stderr, discardStdin: false, color: color ? 'cyan' : false }).start();
  const end = (symbol: string): void => {
    if (options.keep === true) spinner.stopAndPersist({ symbol });
    else spinner.stop();
  };
  try {
    const result = await work();
    end(paint('green', '✔', color));
    return result;
  } catch (error) {
    end(paint('red', '✖', color));
    throw error;
  }
}
