import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const root = process.cwd();
let folder: string;
let archive: string;

/** An empty folder with nothing but what would be published. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-package-'));
  const npm = (...args: string[]) => run('npm', [...args, '--offline', '--silent'], { cwd: folder });
  archive = (await npm('pack', path.join(root, 'apps/cli/dist'))).stdout.trim();
  await writeFile(path.join(folder, 'package.json'), '{"private":true}');
  await npm('install', '--no-audit', '--no-fund', `./${archive}`);
});
afterAll(() => rm(folder, { recursive: true }));

/** This Node, and the machine's own where that is another that the package may be used with. */
async function nodes(): Promise<string[]> {
  const own = await run('/usr/bin/node', ['--version']).catch(() => ({ stdout: '' }));
  const major = Number(/^v(\d+)/.exec(own.stdout)?.[1] ?? 0);
  return [process.execPath, ...(major >= 20 ? ['/usr/bin/node'] : [])];
}

it('the published command works in an empty folder, with each Node that is here', async () => {
  const file = path.join(folder, 'node_modules/.bin/horde');
  for (const [index, node] of (await nodes()).entries()) {
    const env = { PATH: path.dirname(node), HOME: path.join(folder, `home-${index}`) };
    const horde = async (...args: string[]) =>
      (await run(node, [file, ...args], { cwd: folder, env })).stdout;
    const help = await horde('--help');
    expect(help).toContain('jobs');
    expect(help).not.toContain('demo');
    expect(`horde-cli-${(await horde('--version')).trim().replace('horde ', '')}.tgz`).toBe(archive);
    expect(await horde('classes')).toContain('always_on.gpu-24gb');
    const address = (await horde('keys', 'new')).trim();
    expect(await horde('keys', 'list')).toContain(address);
    await expect(
      run(node, [file, 'jobs', 'list', '--facilitator', 'http://127.0.0.1:1', '--wallet', 'none'], {
        cwd: folder,
        env,
      }),
    ).rejects.toMatchObject({ code: 2 });
  }
});
