import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.js';
import { renderTable } from '../cli/table.js';
import { envFile } from '../config/env-file.js';
import { Failure } from '../domain/failure.js';
import { newGatewayKey } from '../domain/gateway-key.js';

const TEMPLATES = new URL('../../templates/', import.meta.url);

interface NewFile {
  /** In the current folder. */
  readonly path: string;
  readonly text: string;
  /** Readable for its owner only. */
  readonly secret?: boolean;
}

export default class Init extends BaseCommand {
  static override summary = 'write a commented .env, and files for Docker, Kubernetes or systemd';
  static override description = `Writes into this folder. A file that is there already is never touched.

Exit codes: 0 written, or there already; 2 the folder cannot be written to.`;
  static override examples = [
    { description: 'A .env with every setting as a comment', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'Also docker-compose.yml, with passwords in .env', command: '<%= config.bin %> <%= command.id %> --docker' },
    { description: 'Also the manifests, in the folder kubernetes', command: '<%= config.bin %> <%= command.id %> --kubernetes' },
    { description: 'Also a hardened service for systemd, in the folder systemd', command: '<%= config.bin %> <%= command.id %> --systemd' },
  ];
  static override enableJsonFlag = true;
  static override flags = {
    docker: Flags.boolean({ description: 'docker-compose.yml: the gateway, on request with Elasticsearch and Kibana' }),
    kubernetes: Flags.boolean({ description: 'manifests: StatefulSet, Service, ConfigMap, an example of the secrets, a Job for es init' }),
    systemd: Flags.boolean({ description: 'ai-gateway.service, which starts this Node and this gateway' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Init);
    const wanted: NewFile[] = [{ path: '.env', text: await env(flags), secret: true }];
    if (flags.docker) wanted.push({ path: 'docker-compose.yml', text: await template('docker/docker-compose.yml') });
    if (flags.kubernetes) {
      for (const file of (await readdir(new URL('kubernetes/', TEMPLATES))).sort()) wanted.push(withKey({ path: `kubernetes/${file}`, text: await template(`kubernetes/${file}`) }));
    }
    if (flags.systemd) wanted.push({ path: 'systemd/ai-gateway.service', text: systemdUnit(await template('systemd/ai-gateway.service')) });
    const files: { path: string; action: 'created' | 'kept' }[] = [];
    for (const file of wanted) files.push({ path: file.path, action: await place(file) ? 'created' : 'kept' });
    this.out(renderTable({ head: ['File', 'Action'], rows: files.map(({ path, action }) => [path, action === 'kept' ? 'kept: it was there' : action]), color: this.color, width: this.width }));
    if (flags.docker && files[0]?.action === 'kept') this.note('Note: .env was there. docker-compose.yml needs ELASTIC_PASSWORD and GATEWAY_ELASTICSEARCH_PASSWORD in it where it starts Elasticsearch, GATEWAY_API_KEYS where the gateway holds keys of providers, and KIBANA_ENCRYPTION_KEY for alerting rules in Kibana.');
    return { files };
  }
}

/** What others than this machine's programs reach needs a key; the label is what records name its clients by. */
async function env({ docker, systemd }: { readonly docker: boolean; readonly systemd: boolean }): Promise<string> {
  const settings = docker || systemd ? envFile().replace('\n#GATEWAY_API_KEYS=\n', () => `\nGATEWAY_API_KEYS=default:${newGatewayKey()}\n`) : envFile();
  const compose = docker ? (await template('env/docker.env')).replaceAll('{password}', () => randomBytes(18).toString('base64url'))
    .replace('{key}', randomBytes(32).toString('hex')) : '';
  return `${settings}${await template('env/providers.env')}${compose}`;
}

/** A file that gets keys of its own is for its owner's eyes only. */
function withKey(file: NewFile): NewFile {
  const text = file.text.replaceAll('{key}', () => newGatewayKey());
  return { ...file, text, secret: text !== file.text };
}

/** The unit with the paths of this installation. */
function systemdUnit(unit: string): string {
  const program = fileURLToPath(new URL('../bin/run.js', TEMPLATES));
  return unit.replace('{docs}', () => systemdWord(fileURLToPath(new URL('../docs/deployment.md', TEMPLATES))))
    .replace('{node}', () => systemdWord(process.execPath)).replace('{program}', () => systemdWord(program));
}

/** A word of a unit file: specifiers and variables are written out, and what a blank would cut is quoted. */
function systemdWord(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', () => '$$');
  return /[\s"'\\;]/.test(plain) ? `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : plain;
}

function template(path: string): Promise<string> {
  return readFile(new URL(path, TEMPLATES), 'utf8');
}

/** Whether the file was written; false where one of that name is there. */
async function place({ path, text, secret }: NewFile): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx', ...(secret === true && { mode: 0o600 }) });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new Failure({ code: 'cannot_write', message: `${path}: cannot be written here (${code ?? 'unknown error'})`, fix: 'Go to a folder that you may write to, and run it again.', cause: error });
  }
}
