import { join } from 'node:path';

/** Where things lie under TELEMETRY_DIR; the segments themselves lie directly in it. */
export function telemetryPaths(dir: string): {
  lock: string; instance: string; cursors: string; retry: string; deadLetters: string; cache: string;
} {
  return {
    lock: join(dir, 'lock'),
    instance: join(dir, 'instance'),
    cursors: join(dir, 'cursors'),
    retry: join(dir, 'retry'),
    deadLetters: join(dir, 'dead-letters'),
    cache: join(dir, 'cache'),
  };
}
