import type { ChildProcess } from 'node:child_process';

/** What the harness starts, loads and measures. */
export interface Target {
  /** Key in results. */
  readonly name: string;
  /** For tables. */
  readonly title: string;
  /** Version of what is measured, where it is not the gateway's own. */
  readonly version?: string;
  /** Headers beyond content-type and a client's key, as a flat list. */
  readonly headers?: readonly string[];
  /** Starts it; the process listens on `port` sooner or later. Undefined: nothing to start, the load goes to the stand-in. */
  readonly launch?: (place: Place) => Launch;
  /** Longest time until it answers; 20 s unless given. */
  readonly startMs?: number;
}

/** Where a target is started. */
export interface Place {
  readonly port: number;
  /** Origin of the stand-in provider. */
  readonly upstream: string;
  /** Certificate authority of an https stand-in. */
  readonly caFile: string | undefined;
  /** Folder of its own, empty. */
  readonly dir: string;
}

export interface Launch {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called when it answers, before anything is measured. */
  readonly ready?: (child: ChildProcess) => Promise<void>;
  /** Waits until work that requests left behind is done (an export's backlog); its CPU belongs to the requests. */
  readonly settle?: () => Promise<void>;
  /** Called after the process has ended. */
  readonly cleanUp?: () => Promise<void>;
}
