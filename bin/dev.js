#!/usr/bin/env node
// Runs the commands from src/, without a build: node bin/dev.js serve --demo
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register();
// Threads inherit this: the exporter's is TypeScript too.
process.execArgv.push('--import', import.meta.resolve('tsx'));
process.env.NODE_ENV ??= 'development';

const { runCli } = await import('../src/cli/run-cli.ts');

process.exit(await runCli({ root: fileURLToPath(new URL('..', import.meta.url)), argv: process.argv.slice(2), fromSource: true }));
