import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageVersion, programVersion } from '../machine/description.js';
import type { Target } from './target.js';

/**
 * Other gateways, installed by their package names outside the repository (`npm run bench --
 * --install`). Each takes the stand-in as its OpenAI. What is not installed is left out.
 */
const FOLDER = process.env['BENCH_PEERS'] ?? join(tmpdir(), 'gateway-bench-peers');
const KEY = 'sk-bench-3f9c1d7ab2e84c60a5d1';

interface Peer {
  readonly install: readonly (readonly string[])[];
  /** Present only when installed. */
  readonly target: () => Target | undefined;
}

const portkeyFolder = join(FOLDER, 'portkey');
const portkeyEntry = join(portkeyFolder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
const portkey: Peer = {
  // With the newest @hono/node-server its streams answer 500: these are the versions of its own lock file.
  install: [['npm', 'install', '--prefix', portkeyFolder]],
  target: () => existsSync(portkeyEntry) ? {
    name: 'portkey',
    title: 'Portkey gateway',
    version: packageVersion(join(portkeyFolder, 'node_modules/@portkey-ai/gateway/package.json')),
    headers: ['x-portkey-provider', 'openai', 'x-portkey-custom-host', '{upstream}/v1'],
    launch: ({ port }) => ({
      command: [process.execPath, '--require', LOOPBACK, portkeyEntry, `--port=${port}`, '--headless'],
      cwd: portkeyFolder,
      env: { NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
    }),
  } : undefined,
};

const liteLlmProgram = join(FOLDER, 'litellm/bin/litellm');
const liteLlm: Peer = {
  install: [['python3', '-m', 'venv', join(FOLDER, 'litellm')], [join(FOLDER, 'litellm/bin/pip'), 'install', '--quiet', 'litellm[proxy]']],
  target: () => existsSync(liteLlmProgram) ? {
    name: 'litellm',
    title: 'LiteLLM proxy',
    version: programVersion(liteLlmProgram, '--version') ?? 'unknown',
    headers: ['authorization', `Bearer ${KEY}`],
    startMs: 120_000,
    launch: ({ port, upstream, dir }) => {
      const config = join(dir, 'config.yaml');
      writeFileSync(config, `model_list:\n  - model_name: gpt-4o-mini\n    litellm_params:\n      model: openai/gpt-4o-mini\n      api_base: ${upstream}/v1\n      api_key: sk-bench\n`);
      return {
        command: [liteLlmProgram, '--config', config, '--host', '127.0.0.1', '--port', String(port), '--num_workers', '1'],
        cwd: dir,
        env: { LITELLM_MASTER_KEY: KEY, LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_TELEMETRY: 'False', LITELLM_MODE: 'PRODUCTION', DO_NOT_TRACK: '1' },
      };
    },
  } : undefined,
};

const noveumProgram = join(FOLDER, 'noveum/bin/noveum-ai-gateway');
const noveum: Peer = {
  install: [['cargo', 'install', '--locked', '--root', join(FOLDER, 'noveum'), 'noveum-ai-gateway@2.0.1']],
  target: () => existsSync(noveumProgram) ? {
    name: 'noveum',
    title: 'Noveum AI gateway (Rust), no export',
    version: '2.0.1',
    headers: ['x-provider', 'openai'],
    launch: ({ port, upstream }) => ({
      command: [noveumProgram],
      env: { HOST: '127.0.0.1', PORT: String(port), OPENAI_BASE_URL: upstream, RUST_LOG: 'error' },
    }),
  } : undefined,
};

const LOOPBACK = fileURLToPath(new URL('listen-on-loopback.cjs', import.meta.url));
const PEERS: readonly Peer[] = [noveum, portkey, liteLlm];

/** The peers that are installed. */
export function installedPeers(): Target[] {
  return PEERS.map((peer) => peer.target()).filter((target) => target !== undefined);
}

/** Installs what is missing with the registries' own clients; what cannot be installed is said and left out. */
export function installPeers(say: (text: string) => void): void {
  mkdirSync(portkeyFolder, { recursive: true });
  writeFileSync(join(portkeyFolder, 'package.json'), JSON.stringify({
    name: 'portkey-peer', version: '1.0.0', private: true,
    dependencies: { '@portkey-ai/gateway': '1.15.2' },
    overrides: { '@hono/node-server': '1.13.5', '@hono/node-ws': '1.2.0', hono: '4.9.7', ioredis: '5.8.0', ws: '8.18.3' },
  }));
  for (const peer of PEERS) {
    if (peer.target() !== undefined) continue;
    for (const [program, ...args] of peer.install) {
      say(`$ ${[program, ...args].join(' ')}`);
      const { status } = spawnSync(program as string, args, { stdio: 'inherit' });
      if (status === 0) continue;
      say(`not installed: ${program as string} ended with ${String(status)}`);
      break;
    }
  }
}
