import type { ElasticsearchConfig } from '../../config/config.js';
import type { Answer } from '../answers.js';
import type { Elastic } from '../client.js';
import type { ClusterState } from '../cluster-state.js';
import type { Endpoint } from '../endpoint-probe.js';
import type { InitPlan } from '../init-step.js';
import type { ServerInfo } from '../server-info.js';

export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skip';

/** What a check saw. */
export interface Finding {
  readonly status: CheckStatus;
  /** What was seen, in one sentence. */
  readonly message: string;
  /** The command or setting that fixes it; absent where nothing is to be fixed. */
  readonly fix?: string;
  /** With `skip`: the check that failed and keeps this one from running. */
  readonly heldBy?: string;
}

/** How far the exporter is behind, as `gateway es verify` is told by the telemetry log's reader. */
export interface ExporterState {
  /** Whether the export is turned on (ENABLE_ELASTICSEARCH). */
  readonly enabled: boolean;
  /** Bytes of the log that are not exported yet. */
  readonly behindBytes: number;
  /** Age of the oldest record that is not exported, where there is one. */
  readonly oldestMs?: number;
  /** Bytes that wait in retry files. */
  readonly retryBytes: number;
  /** Records that Elasticsearch refused for good. */
  readonly deadLetters: number;
  /** The folder that was looked at. */
  readonly dir: string;
}

/** What checks know and learn; earlier checks fill in what later ones need. */
export interface CheckContext {
  readonly elastic: Elastic;
  readonly config: ElasticsearchConfig;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly timeoutMs: number;
  /** A connection to one node only. */
  readonly connect: (url: string) => Elastic;
  /** PEM of ELASTICSEARCH_CA_FILE. */
  readonly ca?: string;
  /** PEM of ELASTICSEARCH_CERT_FILE and ELASTICSEARCH_KEY_FILE. */
  readonly client?: { readonly cert: string; readonly key: string };
  readonly exporter?: (clusterUuid: string | undefined, layout: string) => Promise<ExporterState>;
  /** Addresses that are alive as far as it has been looked at. */
  endpoints?: readonly Endpoint[];
  root?: Answer;
  /** The same of every address that answers. */
  roots?: { readonly url: string; readonly answer: Answer }[];
  server?: ServerInfo;
  securityOff?: boolean;
  state?: ClusterState;
  plan?: InitPlan;
}

/** One thing that `gateway es verify` looks at. */
export interface Check {
  /** Stable: scripts read it. */
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** Checks that must not have failed or been skipped; this one is skipped otherwise. */
  readonly needs: readonly string[];
  /** It writes to the cluster: `--no-write` leaves it out. */
  readonly writes?: boolean;
  /** Run only where it is asked for. */
  readonly onRequest?: boolean;
  readonly run: (context: CheckContext) => Promise<Finding>;
}

export const ok = (message: string, fix?: string): Finding => ({ status: 'ok', message, ...(fix !== undefined && { fix }) });
export const warn = (message: string, fix: string): Finding => ({ status: 'warn', message, fix });
export const fail = (message: string, fix: string): Finding => ({ status: 'fail', message, fix });
export const skip = (message: string, fix?: string): Finding => ({ status: 'skip', message, ...(fix !== undefined && { fix }) });
