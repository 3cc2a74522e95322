import { availableParallelism, totalmem } from 'node:os';
import { EXIT, Failure } from '../domain/failure.js';
import { withPrivateFolder } from './private-folder.js';

export type DuckDb = typeof import('@duckdb/node-api');
export type SqlValue = string | number | boolean;

/** A database in memory with a folder of its own for what does not fit. */
export interface Session {
  /** Rows as arrays, in the order of the columns. */
  readonly rows: (sql: string, values?: readonly SqlValue[]) => Promise<unknown[][]>;
  /** Private to this process's user; goes with the session. */
  readonly tempDir: string;
}

const MIB = 1024 ** 2;
const MAX_THREADS = 8;
const MAX_MEMORY = 4096 * MIB;
const MIN_MEMORY = 256 * MIB;

const importDuckDb = (): Promise<DuckDb> => import('@duckdb/node-api');

/** Whether DuckDB is installed for this platform. */
export async function hasDuckDb(load: () => Promise<DuckDb> = importDuckDb): Promise<boolean> {
  return load().then(() => true, () => false);
}

/**
 * Opens a session, works and closes. DuckDB is loaded only here: it is an optional dependency.
 *
 * @throws Failure `duckdb_missing` where its binary is not there
 */
export async function withDuckDb<T>(work: (session: Session) => Promise<T>, load: () => Promise<DuckDb> = importDuckDb): Promise<T> {
  const { DuckDBInstance } = await load().catch((error: unknown) => { throw missing(error); });
  return withPrivateFolder(async (tempDir) => {
    const instance = await DuckDBInstance.create(':memory:', settings(tempDir));
    const connection = await instance.connect();
    try {
      return await work({
        tempDir,
        rows: async (sql, values) => {
          const result = await connection.runAndReadAll(sql, values === undefined ? undefined : [...values]);
          return result.getRowsJS();
        },
      });
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });
}

/** A report must not take the machine from the gateway beside it, and nothing is ever downloaded. */
function settings(tempDir: string): Record<string, string> {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return {
    threads: String(Math.min(MAX_THREADS, availableParallelism())),
    memory_limit: `${String(Math.round(Math.max(MIN_MEMORY, Math.min(MAX_MEMORY, memory / 2)) / MIB))}MiB`,
    temp_directory: tempDir,
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  };
}

function missing(cause: unknown): Failure {
  return new Failure({
    code: 'duckdb_missing',
    message: 'the local log cannot be analysed, because DuckDB (@duckdb/node-api, an optional dependency) is not installed for this platform',
    fix: 'Read the metrics from the cluster instead, with --source elasticsearch, or install the gateway again without --omit=optional.',
    exitCode: EXIT.failed,
    cause,
  });
}
