import type { Machine } from '../machine/description.js';
import type { ProxyResult } from '../suites/proxy.js';
import type { StartTimeResult } from '../suites/start-time.js';
import type { SoakResult } from '../suites/soak.js';
import type { ExporterResult } from '../suites/exporter.js';
import type { TopResult } from '../suites/metrics-top.js';

/** What one run of the benchmark writes to `bench/results`. */
export interface BenchResult {
  readonly schema: 1;
  /** ISO 8601, to the minute. */
  readonly date: string;
  readonly machine: Machine;
  readonly node: string;
  readonly commit: string;
  readonly settings: {
    readonly rounds: number;
    readonly seconds: number;
    readonly connections: number;
    /** Version of the Elasticsearch that took the export, if one did. */
    readonly elasticsearch: string | undefined;
    /** That Elasticsearch was kept on the load's core. */
    readonly elasticsearchPinned: boolean;
  };
  readonly targets: readonly { readonly name: string; readonly title: string; readonly version: string | undefined }[];
  readonly proxy?: ProxyResult;
  /** With the provider behind TLS. */
  readonly tls?: ProxyResult;
  readonly soak?: readonly SoakResult[];
  readonly exporter?: ExporterResult;
  readonly startTime?: StartTimeResult;
  readonly top?: TopResult;
}
