/** Windows has neither modes of files, nor signals, nor pipes with a name, nor a shell: tests of those are POSIX's. */
export const POSIX = process.platform !== 'win32';
