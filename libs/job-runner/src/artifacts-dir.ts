import path from 'node:path';
import { failures } from './failures.ts';
import { scriptPath } from './script.ts';

/** What file systems take, in bytes: of a name, and of a path less a container's root folder. */
const maxName = 255;
const maxPath = 2048;

/**
 * Where the artifacts folder appears to the job: its path, without a slash at the end.
 *
 * @throws JobFailure when it could name anything but a folder of its own
 */
export function artifactsTarget(artifactsDir: string): string {
  const refuse = (reason: string) => failures.ARTIFACTS_DIR_REFUSED(artifactsDir, reason);
  if (!artifactsDir.startsWith('/')) throw refuse('it is not an absolute path');
  if (artifactsDir.split('/').includes('..')) throw refuse('it has a ".." in it');
  if (/[:\0]/.test(artifactsDir)) throw refuse('it has a colon or a NUL in it');
  const target = path.posix.normalize(artifactsDir).replace(/\/+$/, '');
  if (['', '/volume', '/output', scriptPath].includes(target)) throw refuse('something else is there');
  if (/^\/(proc|sys|dev)(\/|$)/.test(target)) throw refuse('it belongs to the system');
  if (Buffer.byteLength(target) > maxPath) throw refuse(`it is longer than ${maxPath} bytes`);
  if (target.split('/').some((name) => Buffer.byteLength(name) > maxName)) {
    throw refuse(`a name in it is longer than ${maxName} bytes`);
  }
  return target;
}
