import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Gives `work` a folder that only this user may read, and takes it away afterwards, however that comes about short of SIGKILL. */
export async function withPrivateFolder<T>(work: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'gateway-metrics-'));
  const interrupted = (signal: NodeJS.Signals): void => {
    rmSync(path, { recursive: true, force: true });
    stopListening();
    process.kill(process.pid, signal); // ends the process as if nobody had listened
  };
  const stopListening = (): void => { for (const signal of SIGNALS) process.off(signal, interrupted); };
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    return await work(path);
  } finally {
    stopListening();
    await rm(path, { recursive: true, force: true });
  }
}
