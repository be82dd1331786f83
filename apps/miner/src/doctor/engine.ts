import Docker from 'dockerode';

/** How long the engine may take to answer. @unit ms */
const patience = 10_000;

/** What the engine says of itself and its machine. */
export interface EngineInfo {
  ServerVersion: string;
  Driver: string;
  CgroupDriver?: string;
  CgroupVersion?: string;
  DockerRootDir: string;
  DefaultRuntime?: string;
  Runtimes: Record<string, { path?: string }>;
  KernelVersion?: string;
  NCPU?: number;
  SecurityOptions?: string[] | null;
}

/** The socket of the Docker engine that this environment names; null: it names one on a network. */
export function engineSocket(environment: Record<string, string | undefined>): string | null {
  const host = environment['DOCKER_HOST'];
  if (!host) return '/var/run/docker.sock';
  return /^unix:\/\/(?<path>.+)$/.exec(host)?.groups?.['path'] ?? null;
}

/** The Docker engine of this machine. */
export function engine(environment: Record<string, string | undefined>): Docker {
  const socketPath = engineSocket(environment);
  return socketPath === null ? new Docker() : new Docker({ socketPath });
}

/** @throws Error when the engine does not answer, or not in time */
export async function engineInfo(docker: Docker): Promise<EngineInfo> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${patience / 1000} s`)), patience);
  try {
    return (await Promise.race([docker.info(), late])) as EngineInfo;
  } finally {
    clearTimeout(timer);
  }
}
