import { globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const DOORS = ['shared.ts', 'server.ts'].map((name) => resolve(import.meta.dirname, '../elasticsearch', name));
const IMPORT = /\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

/** The test files that ask for the shared Elasticsearch or start one, themselves or through what they import of test/. */
export function filesThatNeedElasticsearch(root: string): string[] {
  const known = new Map<string, boolean>();
  return globSync('test/**/*.test.ts', { cwd: root }).filter((file) => needs(resolve(root, file), known)).sort();
}

function needs(file: string, known: Map<string, boolean>): boolean {
  if (DOORS.includes(file)) return true;
  const answer = known.get(file);
  if (answer !== undefined) return answer;
  known.set(file, false); // ends a cycle
  const imports = [...readFileSync(file, 'utf8').matchAll(IMPORT)].map((match) => resolve(dirname(file), (match[1] ?? '').replace(/\.js$/, '.ts')));
  const result = imports.some((one) => one.includes('/test/') && one.endsWith('.ts') && needs(one, known));
  known.set(file, result);
  return result;
}
