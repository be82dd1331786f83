import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { clientError } from '../client-error.ts';
import type { Forwarding } from './fallback-cloud.ts';

export const notInstalled = 'there is no such command on this machine';

/**
 * A port here that OpenSSH's client leads to one of a host. The host copies what it hears there: so it is known when the
 * port listens, and both ends let go when this process has ended, however that was.
 *
 * @throws HordeClientError FALLBACK_FAILED; the signal's reason
 */
export async function forwardBySsh(
  host: string,
  remotePort: number,
  { env, signal }: { env: NodeJS.ProcessEnv; signal?: AbortSignal },
): Promise<Forwarding> {
  const port = await freePort();
  const options = ['-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes', '-o', 'ServerAliveInterval=15'];
  const leads = ['-L', `127.0.0.1:${port}:localhost:${remotePort}`];
  signal?.throwIfAborted();
  const ssh = spawn('ssh', [...options, ...leads, host, 'cat'], { env });
  let said = '';
  ssh.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-1_000)));
  ssh.stdin.on('error', () => undefined); // how it ended is told by its exit
  let failure: string | null = null;
  const ended = new Promise<void>((resolve) => {
    const end = (why: string) => {
      failure ??= said.trim().split('\n').at(-1) || why;
      resolve();
    };
    ssh.on('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ENOENT' ? notInstalled : error.message),
    );
    ssh.on('close', (code, by) => end(`it ended with ${code ?? by}`));
  });
  const abort = () => ssh.kill();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    ssh.stdin.write('.');
    await Promise.race([once(ssh.stdout, 'data'), ended]);
    signal?.throwIfAborted();
    if (failure !== null) throw clientError('FALLBACK_FAILED', { command: 'ssh', why: failure });
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  // It keeps nobody's program from ending.
  ssh.unref();
  for (const stream of [ssh.stdin, ssh.stdout, ssh.stderr]) (stream as { unref?: () => void }).unref?.();
  return {
    port,
    get failure() {
      return failure;
    },
    close: () => void ssh.kill(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
