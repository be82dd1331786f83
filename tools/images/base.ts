import type Docker from 'dockerode';
import { fetchImage } from './engine.ts';
import { fileOfContainer } from './file-of-container.ts';
import { baseListFile } from './machine-files.ts';
import { ensureNodeBase } from './node-base.ts';
import { componentsOfDebian, distributionOf, type Bill, type Component } from './sbom.ts';

const usual = 'node:24-bookworm-slim';

/** What images are built on: the usual base, or where it cannot be had one of this machine's own Node. */
export async function chooseBase(docker: Docker, say: (line: string) => void): Promise<string> {
  const why = await fetchImage(docker, usual);
  if (why === null) return usual;
  const own = await ensureNodeBase(docker);
  say(`${usual} cannot be had (${why}): ${own}, of this machine's own Node, stands in for it.`);
  return own;
}

/** What a base is made of: its own list, or the packages that Debian has installed in it. */
export async function componentsOfBase(docker: Docker, base: string): Promise<Component[]> {
  const container = await docker.createContainer({ Image: base, Cmd: ['none'] });
  try {
    const read = async (file: string) => (await fileOfContainer(container, file))?.toString('utf8') ?? null;
    const own = await read(baseListFile);
    if (own !== null) return (JSON.parse(own) as Bill).components;
    const status = await read('/var/lib/dpkg/status');
    // Often a link.
    const release = (await read('/usr/lib/os-release')) ?? (await read('/etc/os-release'));
    if (status === null || release === null) return [];
    const { Config } = await docker.getImage(base).inspect();
    const version = Config.Env?.find((one) => one.startsWith('NODE_VERSION='))?.split('=')[1] ?? null;
    return componentsOfDebian(status, distributionOf(release), version);
  } finally {
    await container.remove();
  }
}
