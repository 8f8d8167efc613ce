import { ScreeError } from '../graph/errors.js';

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file grew beyond the size limit',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EMFILE: 'this process has too many open files',
  EIO: 'the disk reports an input/output error',
};

/** The code of an error of the file system, such as ENOSPC. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Turns what node:fs threw into one line about `path`; a ScreeError stays as it is. `action` such as `cannot write`. */
export function fileError(action: string, path: string, error: unknown): ScreeError {
  if (error instanceof ScreeError) return error;
  const reason = reasons[errorCode(error) ?? ''] ?? (error instanceof Error ? error.message : String(error));
  return new ScreeError(`${action} '${path}': ${reason}`, { cause: error });
}
