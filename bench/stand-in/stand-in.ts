import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { message } from '../machine/channel.js';
import { LOAD_CORE } from '../machine/proc.js';
import { start, stop } from '../machine/spawn.js';
import type { Script, ScriptOrder, StandInReport } from './script.js';

export interface Certificate {
  readonly keyFile: string;
  readonly certFile: string;
}

/** The stand-in provider, as the harness sees it. */
export class StandIn {
  readonly port: number;
  /** Undefined without a certificate. */
  readonly tlsPort: number | undefined;
  readonly #child: ChildProcess;
  #last = 0;

  private constructor(child: ChildProcess, port: number, tlsPort: number | undefined) {
    this.#child = child;
    this.port = port;
    this.tlsPort = tlsPort;
  }

  static async start(log: string, certificate?: Certificate): Promise<StandIn> {
    const child = start(
      [process.execPath, '--import', 'tsx', fileURLToPath(new URL('provider.ts', import.meta.url))],
      {
        core: LOAD_CORE, ipc: true, log,
        ...(certificate === undefined ? {} : { env: { TLS_KEY_FILE: certificate.keyFile, TLS_CERT_FILE: certificate.certFile } }),
      },
    );
    const { port, tlsPort } = await message(child,
      (it): it is Extract<StandInReport, { kind: 'listening' }> => (it as StandInReport).kind === 'listening', 'the stand-in provider');
    return new StandIn(child, port, tlsPort);
  }

  /** Says what is answered from now on; gives the number of requests answered so far. */
  async play(script: Script): Promise<number> {
    const id = ++this.#last;
    const order: ScriptOrder = { id, script };
    const answer = message(this.#child,
      (it): it is Extract<StandInReport, { kind: 'scripted' }> => (it as StandInReport).kind === 'scripted' && (it as { id?: number }).id === id,
      'the stand-in provider');
    this.#child.send(order);
    return (await answer).answered;
  }

  stop(): Promise<void> {
    return stop(this.#child);
  }
}
