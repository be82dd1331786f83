import { spawnSync } from 'node:child_process';

/**
 * Signs a text with a key of OpenSSH, which asks for the key's passphrase itself where there is one.
 *
 * @param keyFile a private key, or a public one whose private half an agent has
 * @param namespace what it is signed as
 * @returns what ssh-keygen writes: armored
 */
export function sign(text: string, keyFile: string, namespace: string): string {
  const { status, stdout, stderr, error } = spawnSync(
    'ssh-keygen',
    ['-Y', 'sign', '-f', keyFile, '-n', namespace],
    {
      input: text,
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`ssh-keygen could not sign: ${error?.message ?? stderr.trim()}`);
  return stdout;
}
