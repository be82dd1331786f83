import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type Docker from 'dockerode';

/** The container of a job with nothing around it: created, started, awaited, read, removed. @returns ms */
export async function bareContainer(docker: Docker, image: string): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-bench-bare-'));
  try {
    const binds = await Promise.all(
      ['volume', 'artifacts', 'output'].map(async (name) => {
        await mkdir(path.join(folder, name));
        return `${path.join(folder, name)}:/${name}`;
      }),
    );
    const began = performance.now();
    const container = await docker.createContainer({
      Image: image,
      Cmd: ['true'],
      HostConfig: { NetworkMode: 'none', Binds: binds },
    });
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    await container.logs({ stdout: true, stderr: true });
    await container.remove();
    if (StatusCode !== 0) throw new Error(`The bare container ended with exit code ${StatusCode}.`);
    return performance.now() - began;
  } finally {
    await rm(folder, { recursive: true });
  }
}

export interface BareRate {
  /** @unit containers/s */
  rate: number;
  inFlight: number;
}

/** The best rate of bare containers over 2 to 8 at once. */
export async function mostBarePerSecond(docker: Docker, image: string): Promise<BareRate> {
  const count = 48;
  let best = { rate: 0, inFlight: 0 };
  for (const inFlight of [2, 3, 4, 6, 8]) {
    const began = performance.now();
    await atOnce(
      inFlight,
      inTurn(count, () => bareContainer(docker, image)),
    );
    const rate = count / ((performance.now() - began) / 1_000);
    if (rate > best.rate) best = { rate, inFlight };
  }
  return best;
}

/** What is to be done, one after another by whoever asks for the next. */
export function* inTurn<T>(count: number, work: () => Promise<T>): Generator<Promise<T>, void> {
  for (let index = 0; index < count; index++) yield work();
}

/** Has work done, so many pieces at once. */
export async function atOnce(inFlight: number, work: Iterator<Promise<unknown>>): Promise<void> {
  const one = async (): Promise<void> => {
    for (let next = work.next(); !next.done; next = work.next()) await next.value;
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}
