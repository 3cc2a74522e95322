import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BenchResult } from './report/result.js';
import { goalsTable } from './report/goals.js';
import { caption, costTable, latencyTable, tlsTable, workersTable } from './report/tables.js';

/**
 * Puts the tables of a result between the markers `<!-- bench:NAME -->` and `<!-- /bench -->` of a
 * document: `render.ts FILE.md [RESULT.json]`. With `--check` nothing is written, and the exit code
 * is 1 where the document is not what the result says. Names: `cost`, `latency`, `tls`, `workers`, `goals`, `caption`.
 */
const RESULT = fileURLToPath(new URL('results/reference.json', import.meta.url));
const PARTS: Readonly<Record<string, (result: BenchResult) => string>> = {
  cost: costTable, latency: latencyTable, tls: tlsTable, workers: workersTable, goals: goalsTable, caption,
};
const MARKED = /<!-- bench:(\w+) -->[^]*?<!-- \/bench -->/g;

function render(text: string, result: BenchResult): string {
  return text.replaceAll(MARKED, (_, name: string) => {
    const part = PARTS[name];
    if (part === undefined) throw new Error(`<!-- bench:${name} -->: must be one of ${Object.keys(PARTS).join(', ')}`);
    return `<!-- bench:${name} -->\n${part(result)}\n<!-- /bench -->`;
  });
}

const args = process.argv.slice(2).filter((arg) => arg !== '--check');
const [document, resultFile = RESULT] = args;
if (document === undefined) {
  process.stderr.write('usage: render.ts FILE.md [RESULT.json] [--check]\n');
  process.exit(2);
}
const before = readFileSync(document, 'utf8');
const after = render(before, JSON.parse(readFileSync(resultFile, 'utf8')) as BenchResult);
if (!process.argv.includes('--check')) writeFileSync(document, after);
else if (before !== after) {
  process.stderr.write(`${document} is not what ${resultFile} says: npm run bench:render -- ${document}\n`);
  process.exit(1);
}
