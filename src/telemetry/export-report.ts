import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivately } from './durable-file.js';

/** What the exporter last said of itself, for commands that run beside it. */
export interface ExportReport {
  /** When it said so. */
  readonly at: string;
  readonly pid: number;
  /** The name that it stores records under, and how; absent in reports of older gateways. */
  readonly index?: string;
  readonly layout?: string | null;
  readonly state: string;
  readonly reason: string | null;
  readonly fix: string | null;
  readonly held_indices: readonly { readonly index: string; readonly reason: string }[];
  readonly last_error: string | null;
  readonly last_error_at: string | null;
  readonly last_success_at: string | null;
  /** Records that the log had to drop for TELEMETRY_MAX_BYTES before they were exported, since the gateway's start. */
  readonly dropped_records: number;
  /** Since the gateway's start. */
  readonly counters: Readonly<Record<string, number>>;
}

const FILE = 'exporter.json';

/** Replaces the report; not synced, since it is told anew every few seconds. */
export async function writeExportReport(dir: string, report: ExportReport): Promise<void> {
  await writePrivately(join(dir, FILE), `${JSON.stringify(report)}\n`);
}

/** Longer than between two reports. */
const FRESH_MS = 30_000;

/** The report of an exporter that runs now, on this machine; undefined where none does. */
export async function runningExport(dir: string, now: number = Date.now()): Promise<ExportReport | undefined> {
  const report = await readExportReport(dir);
  return report !== undefined && now - Date.parse(report.at) < FRESH_MS && isAlive(report.pid) ? report : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export async function readExportReport(dir: string): Promise<ExportReport | undefined> {
  try {
    return JSON.parse(await readFile(join(dir, FILE), 'utf8')) as ExportReport;
  } catch {
    return undefined;
  }
}
