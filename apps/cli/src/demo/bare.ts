import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type Docker from 'dockerode';
import { networkLabel } from '../network/containers.ts';
import type { InputFolder } from '../folder.ts';

const runs = 3;

/**
 * How long the same container takes with nothing around it: create, start, wait, read its output, remove. The median
 * of three runs on the same files. It is the floor under every job. @returns ms
 */
export async function measureBareContainer(
  docker: Docker,
  job: {
    image: string;
    command: string[];
    input: InputFolder;
    network: string;
    folder: string;
    signal: AbortSignal;
  },
): Promise<number> {
  const work = path.join(job.folder, 'bare');
  const [volume, artifacts, output] = ['volume', 'artifacts', 'output'].map((name) => path.join(work, name));
  await Promise.all([volume, artifacts, output].map((folder) => mkdir(folder!, { recursive: true })));
  for (const file of job.input.files)
    await cp(path.join(job.input.folder, file.path), path.join(volume!, file.path));
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    job.signal.throwIfAborted();
    const started = performance.now();
    const container = await docker.createContainer({
      Image: job.image,
      Cmd: job.command,
      Labels: Object.fromEntries([networkLabel(job.network).split('=') as [string, string]]),
      HostConfig: {
        NetworkMode: 'none',
        Binds: [`${volume}:/volume/`, `${artifacts}:/artifacts`, `${output}:/output/`],
      },
    });
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    await container.logs({ stdout: true, stderr: true });
    await container.remove();
    if (StatusCode !== 0) throw new Error(`The bare container ended with exit code ${StatusCode}.`);
    times.push(performance.now() - started);
  }
  await rm(work, { recursive: true, force: true });
  return times.toSorted((a, b) => a - b)[Math.floor(runs / 2)]!;
}
