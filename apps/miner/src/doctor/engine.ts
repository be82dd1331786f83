import Docker from 'dockerode';

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
