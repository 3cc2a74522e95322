import type { ChildProcess } from 'node:child_process';

/** Waits for the first message of a child that fits; fails when the child ends before. */
export function message<T>(child: ChildProcess, fits: (message: unknown) => message is T, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onMessage = (text: unknown): void => {
      if (!fits(text)) return;
      done();
      resolve(text);
    };
    const onExit = (code: number | null): void => {
      done();
      reject(new Error(`${what} ended with code ${String(code)}`));
    };
    const done = (): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
