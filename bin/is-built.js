// Exits 0 where dist/ is newer than what it is compiled from: `npm start` then compiles nothing.
import { globSync, statSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const time = (file) => statSync(new URL(file.replaceAll('\\', '/'), root), { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sources = ['package.json', 'tsconfig.json', ...globSync('src/**/*.ts', { cwd: root })];

if (time('dist/cli/main.js') <= Math.max(...sources.map(time))) {
  console.error('Compiling, once: this takes up to a minute …');
  process.exitCode = 1;
}
