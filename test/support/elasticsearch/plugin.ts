import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Jdk } from './jdk.js';
import { runCommand } from './run-command.js';
import type { Release } from './versions.js';

const SOURCE = join(import.meta.dirname, 'plugin/FillPlugin.java');

/**
 * Compiles our plugin into an unpacked distribution, where it is not there yet or older than its
 * source. It fills what the bare distribution lacks: `GET /`, lifecycle policies, and the analysis
 * parts without which no user, role or API key can be stored.
 */
export async function ensurePlugin(home: string, release: Release, jdk: Jdk): Promise<void> {
  const target = join(home, 'plugins/esfill');
  const built = await stat(join(target, 'esfill.jar')).catch(() => undefined);
  if (built !== undefined && built.mtimeMs > (await stat(SOURCE)).mtimeMs) return;

  const { line, bytecode } = lineOf(release.version);
  const work = await mkdtemp(join(tmpdir(), 'esfill-'));
  try {
    const source = join(work, 'FillPlugin.java');
    await writeFile(source, sourceFor(line, await readFile(SOURCE, 'utf8')));
    const jars = [...await jarsIn(join(home, 'lib')), ...await jarsIn(join(home, 'modules/x-pack-core'))];
    await mkdir(join(work, 'classes'));
    await runCommand(join(jdk.home, 'bin/javac'), ['-nowarn', '-Xlint:none', '-proc:none', '--release', String(bytecode), '-cp', jars.join(delimiter), '-d', join(work, 'classes'), source]);
    const fresh = `${target}.${String(process.pid)}`;
    await mkdir(fresh, { recursive: true });
    await runCommand(join(jdk.home, 'bin/jar'), ['cf', join(fresh, 'esfill.jar'), '-C', join(work, 'classes'), '.']);
    await writeFile(join(fresh, 'plugin-descriptor.properties'), [
      'name=esfill', 'description=What the bare distribution lacks', `version=${release.version}`, `elasticsearch.version=${release.version}`,
      `java.version=${bytecode === 8 ? '1.8' : String(bytecode)}`, 'classname=esfill.FillPlugin', 'extended.plugins=x-pack-core', '',
    ].join('\n'));
    await rm(target, { recursive: true, force: true });
    await rename(fresh, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Which of the source's marked lines a version gets, and the bytecode that it loads. */
function lineOf(version: string): { line: string; bytecode: number } {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 7) return { line: 'a', bytecode: 8 };
  if (major === 8) return { line: minor < 16 ? 'b' : 'c', bytecode: 17 };
  return { line: 'd', bytecode: 21 };
}

/** Keeps what is marked for this line: `//@ab` ends one line, `//@ab{` … `//@}` encloses several. */
function sourceFor(line: string, source: string): string {
  const kept: string[] = [];
  let block: boolean | undefined;
  for (const text of source.split('\n')) {
    const mark = /\/\/@([a-d]+)(\{?)$/.exec(text);
    if (mark !== null) {
      const wanted = mark[1]?.includes(line) ?? false;
      if (mark[2] === '{') block = wanted;
      if (wanted) kept.push(text.slice(0, mark.index).trimEnd());
    } else if (text.endsWith('//@}')) {
      if (block !== false) kept.push(text.slice(0, -'//@}'.length));
      block = undefined;
    } else if (block !== false) {
      kept.push(text);
    }
  }
  return kept.join('\n');
}

async function jarsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.jar')).map((name) => join(folder, name));
}
