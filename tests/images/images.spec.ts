import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureNodeImage } from '@horde/testing/node-image';
import { root } from '@horde/testing/horde';
import { componentsOfDebian, type Bill } from '../../tools/images/sbom.ts';
import { imageNames, isRunner } from '../../tools/images/build.ts';
import { checkBill } from './bill.ts';
import { filesOf } from './image-files.ts';

const docker = new Docker();
const run = promisify(execFile);
const whole = process.env['WHOLE_IMAGES'] !== undefined;
/** Alone the one with the most in it. */
const names = ['facilitator', ...(whole ? imageNames.filter((name) => name !== 'facilitator') : [])];
const megabyte = 1_000_000;
/** Of each service with commands one that ComputeHorde's operators know. */
const commandOf: Record<string, string> = {
  facilitator: 'sync_metagraph',
  validator: 'debug_run_organic_job',
  miner: 'self_test',
};

let base: string;
beforeAll(async () => void (base = await ensureNodeImage()));

const sizeOf = async (image: string): Promise<number> => (await docker.getImage(image).inspect()).Size;

/** As a registry has it. */
async function compressedSize(image: string): Promise<number> {
  let bytes = 0;
  await pipeline(await docker.getImage(image).get(), createGzip(), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) bytes += chunk.length;
  });
  return bytes;
}

describe.each(names)('the image of %s', (name) => {
  const tag = randomBytes(6).toString('hex');
  const builds = [`horde-test/${name}:${tag}-1`, `horde-test/${name}:${tag}-2`] as const;
  beforeAll(async () => {
    for (const build of builds)
      await run(process.execPath, ['tools/image.ts', name, build, '--base', base], { cwd: root });
  }, 600_000);
  afterAll(async () => {
    // One after the other: two builds without a difference are one image, which the engine does not remove twice at once.
    for (const build of builds) await docker.getImage(build).remove({ force: true });
  });

  it('has the same files in two builds of one commit, but for those that it names', async () => {
    const { Config } = await docker.getImage(builds[0]).inspect();
    const different = Config.Labels?.['horde.not-reproducible'];
    expect(different).toBe(name === 'executor' ? '/app/compiled' : undefined);
    const [one, other] = await Promise.all(
      builds.map(async (build) => {
        const places = ['/app', '/usr/local/bin', '/bin/busybox'];
        const files = await Promise.all(places.map((place) => filesOf(docker, build, place)));
        const all = files.flatMap((found) => [...found]);
        return Object.fromEntries(
          all.filter(([place]) => different === undefined || !place.startsWith(`${different}/`)),
        );
      }),
    );
    expect(Object.keys(one!)).toContain('/app/main.mjs');
    expect(one).toEqual(other);
    expect(JSON.stringify(one)).not.toContain(root);
  });

  it('has a bill of what is in it, beside the image too: npm packages with licences, files by their Debian package', async () => {
    const inside = await run(
      'docker',
      ['run', '--rm', '--entrypoint', 'cat', builds[0], '/app/sbom.cdx.json'],
      {
        maxBuffer: 10 * megabyte,
      },
    );
    expect(inside.stdout).toBe(await readFile(path.join(root, `dist/sbom/${name}.cdx.json`), 'utf8'));
    const bill = JSON.parse(inside.stdout) as Bill;
    checkBill(bill);
    const found = bill.components.map(({ purl }) => purl ?? '');
    expect(found).toContainEqual(
      expect.stringMatching(/^pkg:npm\/(ws|commander|dockerode|%40nestjs\/common)@/),
    );
    expect(found).toContainEqual(expect.stringMatching(/^pkg:generic\/node@24\./));
    expect(found).toContainEqual(expect.stringMatching(/^pkg:deb\/debian\/libc6@.+distro=debian-\d+$/));
  });

  it('adds less than 15 MB to its base, and a runner Compose beside', async () => {
    const limit = isRunner(name) ? 80 : 15;
    expect((await sizeOf(builds[0])) - (await sizeOf(base))).toBeLessThan(limit * megabyte);
  });

  it('says what is wrong in words, and does not run as root where it need not', async () => {
    const { Config } = await docker.getImage(builds[0]).inspect();
    // A runner is root for the engine's socket.
    expect(Config.User).toBe(name === 'executor' ? '' : isRunner(name) ? '0:0' : '1000:1000');
    const wrong: Record<string, string[]> = {
      executor: ['python', 'manage.py', 'run_executor'],
      horde: ['jobs', 'list'],
      devnet: ['nonsense'],
    };
    const started = run('docker', ['run', '--rm', builds[0], ...(wrong[name] ?? [])]);
    await expect(started).rejects.toMatchObject({ code: isRunner(name) ? 1 : 2 });
  });

  it.runIf(name in commandOf)(
    'runs a command as python manage.py COMMAND, and says what replaces one',
    async () => {
      const python = (...words: string[]) =>
        run('docker', ['run', '--rm', '--entrypoint', 'python', builds[0], ...words]);
      const { stdout } = await python('manage.py', commandOf[name]!, '--help');
      expect(stdout).toContain(`Usage: ${name} ${commandOf[name]}`);
      await expect(python('manage.py', 'migrate')).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringContaining('There is no migrate: '),
      });
      await expect(python('-c', '1')).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringContaining('There is no Python here'),
      });
    },
  );
});

it.runIf(whole)(
  'the base takes less than 75 MB of a registry, so that an image takes less than 90',
  async () => {
    expect(await compressedSize(base)).toBeLessThan(75 * megabyte);
  },
);

it('the packages of a Debian base are in the bill, those that are removed are not', () => {
  const status = `Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
`;
  const found = componentsOfDebian(status, 'debian-12', '24.1.0').map(({ purl }) => purl);
  expect(found).toEqual([
    'pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12',
    'pkg:generic/node@24.1.0',
  ]);
});
