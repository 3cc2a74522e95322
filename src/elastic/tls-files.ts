import { readFileSync } from 'node:fs';
import type { ElasticsearchConfig } from '../config/config.js';
import { Failure } from '../domain/failure.js';

type Files = Pick<ElasticsearchConfig, 'caFile' | 'certFile' | 'keyFile'>;

/** PEM of what the files of a configuration hold. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** The files ELASTICSEARCH_CA_FILE, _CERT_FILE and _KEY_FILE. They are read again after a failure, so that a rotation needs no restart. */
export class TlsFiles {
  readonly #files: Files;
  #material: TlsMaterial;

  /** @throws Failure `es_tls_file_unreadable` */
  constructor(files: Files) {
    this.#files = files;
    this.#material = readMaterial(files);
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** Reads the files again; whether they hold something else now. One that cannot be read changes nothing. */
  refresh(): boolean {
    try {
      const fresh = readMaterial(this.#files);
      const changed = (['ca', 'cert', 'key'] as const).some((name) => fresh[name]?.equals(this.#material[name] ?? Buffer.alloc(0)) === false);
      this.#material = fresh;
      return changed;
    } catch {
      return false;
    }
  }
}

function readMaterial({ caFile, certFile, keyFile }: Files): TlsMaterial {
  return {
    ...optionalFile('ca', 'ELASTICSEARCH_CA_FILE', caFile),
    ...optionalFile('cert', 'ELASTICSEARCH_CERT_FILE', certFile),
    ...optionalFile('key', 'ELASTICSEARCH_KEY_FILE', keyFile),
  };
}

function optionalFile(option: keyof TlsMaterial, variable: string, path: string | undefined): TlsMaterial {
  if (path === undefined) return {};
  try {
    return { [option]: readFileSync(path) };
  } catch (error) {
    throw new Failure({
      code: 'es_tls_file_unreadable',
      message: `${variable}=${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      fix: `Correct ${variable}, or make the file readable for the user that runs the gateway.`,
      cause: error,
    });
  }
}
