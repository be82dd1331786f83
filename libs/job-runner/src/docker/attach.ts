import type Docker from 'dockerode';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { failures } from '../failures.ts';
import { maxAtOnce } from '../output/output-file.ts';

/** A container's output on its way to us. */
export interface Attached {
  /** Resolves when all of it was taken; rejects when it cannot be. */
  readonly ended: Promise<void>;
  close(): void;
}

/**
 * Takes a copy of some bytes, at most `maxAtOnce`. Null: more may come at once; a promise: when it resolves.
 */
type Take = (chunk: Buffer) => Promise<void> | null;

/** Of dockerode's connection what its types leave out. */
interface Modem {
  /** Undefined: the engine is not at a Unix socket. */
  getSocketPath(): Promise<string> | undefined;
  version?: string;
}

const maxHead = 16 * 1024;

/**
 * Attaches to a container's stdout and stderr, best before it starts. No more is read than was taken.
 *
 * At a Unix socket everything is read into one buffer that is used again and again: an HTTP client makes a new one for
 * each piece, and a job that prints fast makes those faster than they are collected (tens of megabytes).
 */
export async function attach(docker: Docker, container: Docker.Container, take: Take): Promise<Attached> {
  const modem = docker.modem as unknown as Modem;
  const socketPath = await modem.getSocketPath();
  if (!socketPath) return attachByClient(container, take);
  const prefix = modem.version ? `/${modem.version}` : '';
  return attachBySocket(
    socketPath,
    `${prefix}/containers/${container.id}/attach?stream=1&stdout=1&stderr=1`,
    take,
  );
}

async function attachBySocket(socketPath: string, target: string, take: Take): Promise<Attached> {
  const answered = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {});
  let head: string | null = '';

  const fail = (error: unknown) => {
    answered.reject(error);
    ended.reject(error);
    socket.destroy();
  };
  const readHead = (chunk: Buffer) => {
    const before = head!.length;
    head += chunk.toString('latin1');
    const end = head!.indexOf('\r\n\r\n');
    if (end < 0 && head!.length < maxHead) return null;
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(head!)?.[1]);
    if (status !== 101 && status !== 200) {
      fail(failures.ENGINE_OUTPUT_REFUSED(status));
      return null;
    }
    head = null;
    answered.resolve();
    return take(chunk.subarray(end + 4 - before));
  };

  const socket = connect({
    path: socketPath,
    onread: {
      buffer: Buffer.allocUnsafeSlow(maxAtOnce),
      callback: (length, buffer) => {
        const chunk = (buffer as Buffer).subarray(0, length);
        const taken = head === null ? take(chunk) : readHead(chunk);
        taken?.then(() => void socket.resume(), fail);
        return taken === null;
      },
    },
  });
  socket.on('error', fail);
  socket.on('close', () => {
    answered.reject(failures.ENGINE_OUTPUT_CLOSED());
    ended.resolve();
  });
  socket.write(
    `POST ${target} HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
  );
  try {
    await answered.promise;
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return { ended: ended.promise, close: () => socket.destroy() };
}

/** By dockerode, which knows TCP, TLS and SSH. */
async function attachByClient(container: Docker.Container, take: Take): Promise<Attached> {
  // Not hijacked: a plain answer, whose body is the output.
  const body = (await container.attach({ stream: true, stdout: true, stderr: true })) as unknown as Readable;
  const pump = async () => {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += maxAtOnce) await take(chunk.subarray(at, at + maxAtOnce));
    }
  };
  const ended = pump();
  ended.catch(() => {});
  return { ended, close: () => body.destroy() };
}
