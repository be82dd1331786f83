import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';

/**
 * The container of this engine that this process runs in, or null: it runs beside the engine, or in a container of
 * another one. Found by the files that an engine mounts into each of its containers, and asked for at this engine.
 */
export async function ownContainer(docker: Docker): Promise<Docker.ContainerInspectInfo | null> {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const id = /\/containers\/(?<id>[0-9a-f]{64})\/(hostname|hosts|resolv\.conf) /.exec(mounts)?.groups?.['id'];
  if (!id) return null;
  try {
    return await docker.getContainer(id).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return null;
    throw error;
  }
}
