import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Certificates } from './certificates.js';
import type { Jdk } from './jdk.js';
import { gone, signal } from './processes.js';
import { nodePid } from './run-folders.js';
import { handOver, serverUser } from './server-user.js';

/** Lines of jvm.options that make a node write into the shared home. */
const WRITES_INTO_HOME = /Xlog:gc|Xloggc|PrintGC|PrintTenuring|UseGCLogFile|NumberOfGCLogFiles|GCLogFileSize|GCApplicationStopped|HeapDump|ErrorFile/;
const START_TIMEOUT_MS = 300_000;
const PID_TIMEOUT_MS = 60_000;

export interface NodeOptions {
  /** The unpacked distribution. */
  readonly home: string;
  readonly jdk: Jdk;
  /** The lines of elasticsearch.yml, without those of paths. */
  readonly settings: Readonly<Record<string, string>>;
  readonly keystore?: string;
  readonly certificates?: Certificates;
  /** As the JVM writes it: 512m. */
  readonly heap: string;
}

/** One node in its own folder: configuration, data and logs; the home is shared and only read. */
export class Node {
  readonly #dir: string;
  readonly #options: NodeOptions;

  constructor(dir: string, options: NodeOptions) {
    this.#dir = dir;
    this.#options = options;
  }

  async prepare(): Promise<void> {
    const { home, keystore, certificates, settings } = this.#options;
    const config = join(this.#dir, 'config');
    for (const name of ['data', 'logs', 'tmp']) await mkdir(join(this.#dir, name), { recursive: true });
    await cp(join(home, 'config'), config, { recursive: true });
    const jvm = await readFile(join(config, 'jvm.options'), 'utf8');
    await writeFile(join(config, 'jvm.options'), jvm.split('\n').filter((line) => !WRITES_INTO_HOME.test(line)).join('\n'));
    if (keystore !== undefined) await copyFile(keystore, join(config, 'elasticsearch.keystore'));
    if (certificates !== undefined) {
      await mkdir(join(config, 'tls'));
      await copyFile(certificates.caFile, join(config, 'tls/ca.crt'));
      await copyFile(certificates.certFile, join(config, 'tls/http.crt'));
      await copyFile(certificates.keyFile, join(config, 'tls/http.key'));
    }
    const lines = { ...settings, 'path.data': join(this.#dir, 'data'), 'path.logs': join(this.#dir, 'logs') };
    await writeFile(join(config, 'elasticsearch.yml'), Object.entries(lines).map(([key, value]) => `${key}: ${value}\n`).join(''));
    await handOver(this.#dir, serverUser());
  }

  /** Starts it, where it does not run; it answers only later. */
  async launch(): Promise<void> {
    if (this.running) return;
    const { home, jdk, heap } = this.#options;
    const pidFile = join(this.#dir, 'pid');
    const tmp = join(this.#dir, 'tmp');
    await rm(pidFile, { force: true });
    const env = {
      PATH: process.env['PATH'], HOME: this.#dir,
      ES_JAVA_HOME: jdk.home, ES_PATH_CONF: join(this.#dir, 'config'), ES_TMPDIR: tmp,
      ES_JAVA_OPTS: `-Xms${heap} -Xmx${heap}`, CLI_JAVA_OPTS: `-Djava.io.tmpdir=${tmp}`,
    };
    // As a daemon the launcher's own JVM goes away; through `sh`, its output goes to a file and holds no pipe of ours open.
    const script = 'cd "$1" && exec bin/elasticsearch -d -p "$2" >"$3" 2>&1 </dev/null';
    try {
      await promisify(execFile)('sh', ['-c', script, 'sh', home, pidFile, join(this.#dir, 'out')], { env, timeout: START_TIMEOUT_MS, ...serverUser() });
    } catch (error) {
      throw new Error(`a node of Elasticsearch did not start:\n${await this.log()}`, { cause: error });
    }
    await this.#known();
  }

  /** The launcher of 7.17 is gone before the node has written its process id. */
  async #known(): Promise<void> {
    const deadline = Date.now() + PID_TIMEOUT_MS;
    while (!this.running) {
      if (Date.now() > deadline) throw new Error(`a node of Elasticsearch did not start:\n${await this.log()}`);
      await sleep(100);
    }
  }

  get running(): boolean {
    return nodePid(this.#dir) !== undefined;
  }

  /** Sends a signal, and waits for the end where it is one that ends the node. */
  async signal(name: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const pid = nodePid(this.#dir);
    if (pid === undefined) return;
    signal(pid, name);
    if (name === 'SIGTERM' || name === 'SIGKILL') await gone(pid);
  }

  /** Its last words. */
  async log(): Promise<string> {
    const out = await readFile(join(this.#dir, 'out'), 'utf8').catch(() => '');
    const log = await readFile(join(this.#dir, 'logs', `${this.#options.settings['cluster.name'] ?? ''}.log`), 'utf8').catch(() => '');
    return [out, log].map((text) => text.trim().split('\n').slice(-20).join('\n')).join('\n').trim();
  }
}
