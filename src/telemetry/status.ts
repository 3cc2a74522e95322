import { statfs } from 'node:fs/promises';
import { estimateRecords, readBacklog, type BacklogTarget } from './backlog.js';
import { measureDisk } from './disk-usage.js';
import { readExportReport, runningExport, type ExportReport } from './export-report.js';
import { listSegments, segmentSize } from './segments.js';

/** How the log and its export stand, read from disk alone; sizes in bytes. */
export interface TelemetryStatus {
  readonly dir: string;
  /** By the configuration of this command, or by the gateway that runs. */
  readonly enabled: boolean;
  /** The process that exports now; null where none does. */
  readonly exporting_pid: number | null;
  readonly backlog: { readonly bytes: number; readonly records_about: number; readonly oldest_seconds: number | null };
  readonly retry_bytes: number;
  readonly dead_letters: number;
  readonly log: { readonly segments: number; readonly bytes: number; readonly records_about: number };
  readonly disk: { readonly used_bytes: number; readonly limit_bytes: number; readonly free_bytes: number | null };
  /** What the running (or last) exporter said of itself. */
  readonly exporter: ExportReport | null;
}

/** Takes no lock and changes nothing. */
export async function readStatus(telemetry: { readonly dir: string; readonly maxBytes: number }, target: BacklogTarget & { readonly enabled: boolean }): Promise<TelemetryStatus> {
  const { dir, maxBytes } = telemetry;
  const running = await runningExport(dir);
  const backlog = await readBacklog(dir, running === undefined ? target : { ...target, index: running.index ?? target.index, layout: running.layout ?? target.layout });
  const sizes = await Promise.all((await listSegments(dir)).map((segment) => segmentSize(dir, segment)));
  const bytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const { bytes: others } = await measureDisk(dir);
  const free = await statfs(dir).then(({ bavail, bsize }) => bavail * bsize, () => null);
  return {
    dir, enabled: target.enabled || running !== undefined, exporting_pid: running?.pid ?? null,
    backlog: {
      bytes: backlog.behindBytes, records_about: await estimateRecords(dir, backlog.behindBytes),
      oldest_seconds: backlog.oldestMs === undefined ? null : Math.round(backlog.oldestMs / 1_000),
    },
    retry_bytes: backlog.retryBytes,
    dead_letters: backlog.deadLetters,
    log: { segments: sizes.length, bytes, records_about: await estimateRecords(dir, bytes) },
    disk: { used_bytes: bytes + others, limit_bytes: maxBytes, free_bytes: free },
    exporter: await readExportReport(dir) ?? null,
  };
}
