import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { takeOwnRuntime } from './own-runtime.js';
import { hasTerminal, outliveEarlySignals } from './terminal.js';

// Before all: where it replaces the process, whatever was loaded until here was loaded for nothing.
takeOwnRuntime();
outliveEarlySignals(process.argv.slice(2), hasTerminal());

// Before the rest is loaded: compiled code is kept between starts, which makes short commands quick.
enableCompileCache();

const { runCli } = await import('./run-cli.js');

// Explicit, so that nothing that a failed command left open keeps the process.
process.exit(await runCli({ root: fileURLToPath(new URL('../..', import.meta.url)), argv: process.argv.slice(2) }));
