import type { Readable } from 'node:stream';
import type Docker from 'dockerode';

/** How a short program ended, and the text that it printed. */
export interface ToolRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface ToolOptions {
  /** Image reference or id. */
  image: string;
  /** The program and its arguments, in place of the image's own. */
  command: [string, ...string[]];
  env?: string[];
  labels?: Record<string, string>;
  hostConfig?: Docker.HostConfig;
  /** Aborting removes the container; `runTool` then rejects with the signal's reason. */
  signal: AbortSignal;
}

/** The most that is kept of what a tool prints, in bytes for each stream. */
const maxOutput = 64 * 1024;

/** Runs a short program in a container of its own, without a network, and removes the container. */
export async function runTool(docker: Docker, options: ToolOptions): Promise<ToolRun> {
  const { image, command, env, labels, hostConfig, signal } = options;
  signal.throwIfAborted();
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: [command[0]],
    Cmd: command.slice(1),
    Env: env,
    Labels: labels,
    User: '0',
    WorkingDir: '/',
    // The engine removes it even when this process is killed.
    HostConfig: {
      NetworkMode: 'none',
      LogConfig: { Type: 'none', Config: {} },
      ...hostConfig,
      AutoRemove: true,
    },
  });
  const remove = () => container.remove({ force: true, v: true }).catch(() => {}); // gone already, as a rule
  signal.addEventListener('abort', remove, { once: true });
  try {
    signal.throwIfAborted(); // while it was made
    const attached = (await container.attach({
      stream: true,
      stdout: true,
      stderr: true,
    })) as unknown as Readable;
    const printed = collect(attached);
    const gone = container.wait({ condition: 'removed' }) as Promise<{ StatusCode: number }>;
    gone.catch(() => {});
    printed.catch(() => {});
    await container.start();
    const { StatusCode: exitCode } = await gone;
    signal.throwIfAborted();
    return { exitCode, ...(await printed) };
  } catch (error) {
    await remove();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', remove);
  }
}

/** The text in what the engine sends of a container without a terminal: frames of 8 bytes and a payload. */
async function collect(attached: AsyncIterable<Buffer>): Promise<Omit<ToolRun, 'exitCode'>> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of attached) {
    if (length < 2 * maxOutput) pieces.push(chunk);
    length += chunk.length;
  }
  const all = Buffer.concat(pieces);
  const streams: Record<number, Buffer[]> = { 1: [], 2: [] };
  for (let at = 0; at + 8 <= all.length;) {
    const end = at + 8 + all.readUInt32BE(at + 4);
    streams[all[at]!]?.push(all.subarray(at + 8, end));
    at = end;
  }
  const text = (stream: number) => Buffer.concat(streams[stream]!).subarray(0, maxOutput).toString();
  return { stdout: text(1), stderr: text(2) };
}
