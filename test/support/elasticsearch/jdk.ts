import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Release } from './versions.js';

export interface Jdk {
  readonly home: string;
  /** Feature release: 17, 21, 25 … */
  readonly feature: number;
}

/** Folders that hold JDKs side by side, on Debian, macOS and with SDKMAN. */
const SHELVES: readonly (readonly [string, string])[] = [
  ['/usr/lib/jvm', ''],
  ['/opt/java', ''],
  ['/Library/Java/JavaVirtualMachines', 'Contents/Home'],
  [join(homedir(), '.sdkman/candidates/java'), ''],
];

/** Every JDK (with a compiler) on this machine, each once. */
export function findJdks(env: NodeJS.ProcessEnv = process.env): Jdk[] {
  const homes = [env['JAVA_HOME'], javaInPath(env), ...SHELVES.flatMap(([shelf, below]) => entries(shelf).map((name) => join(shelf, name, below)))];
  const found = new Map<string, Jdk>();
  for (const home of homes) {
    if (home === undefined || home === '' || !existsSync(join(home, 'bin/javac'))) continue;
    const real = realpathSync(home);
    const feature = featureOf(real);
    if (feature !== undefined) found.set(real, { home: real, feature });
  }
  return [...found.values()];
}

/** The JDK for a release: the lowest that can run it, which is the one that it was tested with longest. */
export function jdkFor(release: Release, jdks: readonly Jdk[]): Jdk | undefined {
  const [lowest, highest] = release.jdk;
  return jdks.filter(({ feature }) => feature >= lowest && feature <= highest).sort((a, b) => a.feature - b.feature)[0];
}

function javaInPath(env: NodeJS.ProcessEnv): string | undefined {
  const folder = (env['PATH'] ?? '').split(delimiter).find((one) => existsSync(join(one, 'javac')));
  return folder === undefined ? undefined : dirname(dirname(realpathSync(join(folder, 'javac'))));
}

function featureOf(home: string): number | undefined {
  try {
    const version = /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1];
    return version === undefined ? undefined : Number(version);
  } catch {
    return undefined;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
