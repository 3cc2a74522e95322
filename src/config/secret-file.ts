import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { InvalidValue } from './variable.js';

/** Larger than any list of keys. */
const MAX_BYTES = 1024 * 1024;

/**
 * What a file of secrets holds, without the line end that editors and `echo` leave behind. Symbolic links are followed:
 * Kubernetes changes a mounted secret by another link.
 *
 * @throws InvalidValue which never holds anything of the file
 */
export async function readSecretFile(path: string): Promise<string> {
  const text = (await contentOf(path)).replace(/^\ufeff/, '').trim();
  if (text === '') throw new InvalidValue('is empty', 'Write the secret into the file.');
  return text;
}

async function contentOf(path: string): Promise<string> {
  try {
    // Not to wait for the writer of a pipe.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = await file.stat();
      if (!facts.isFile()) throw new InvalidValue('is not a regular file');
      if (facts.size > MAX_BYTES) throw new InvalidValue('is larger than 1 MiB');
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof InvalidValue) throw error;
    throw new InvalidValue(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`, 'Correct the path, or make the file readable for the user that runs the gateway.');
  }
}
