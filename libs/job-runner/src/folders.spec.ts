import Docker from 'dockerode';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeTestImage } from '@horde/testing/test-image';
import { emptyFolders } from './docker/empty-folders.ts';
import { processOwner } from './docker/owner.ts';
import { makeJobFolders, removeJobFolders } from './folders.ts';

const docker = new Docker();

function makeBase(): string {
  const base = mkdtempSync(path.join(tmpdir(), 'horde-folders-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  return base;
}

/** Nests folders far beyond the longest path that the system takes. */
function nestIn(folder: string, levels: number, name: string): void {
  // By steps that a path can hold: each `cd` looks for its way from the top.
  const names = Math.floor(3000 / (name.length + 1));
  const step = `${name}/`.repeat(names);
  const nest = `i=0; while [ $i -lt ${levels} ]; do mkdir -p $0 && cd -P $0 || exit 1; i=$((i+${names})); done`;
  execFileSync('/bin/busybox', ['sh', '-c', nest, step], { cwd: folder, stdio: 'pipe' });
}

describe("a job's folders", () => {
  it('are new each time, closed to other users outside and open inside', async () => {
    const base = path.join(makeBase(), 'made/on/the/way');
    const [one, two] = [await makeJobFolders(base, 'job/1'), await makeJobFolders(base, 'job/1')];
    expect(one.root).not.toBe(two.root);
    expect(path.dirname(one.root)).toBe(base);
    const mode = (folder: string) => statSync(folder).mode & 0o777;
    expect(mode(one.root)).toBe(0o700);
    expect([one.volume, one.output, one.artifacts].map(mode)).toEqual([0o777, 0o777, 0o777]);
  });

  it('cannot be made where something else is, and leave nothing', async () => {
    const base = path.join(makeBase(), 'base');
    writeFileSync(base, '');
    await expect(makeJobFolders(base, 'job')).rejects.toThrow(
      `The job's folders cannot be made in ${base}, the JOB_FOLDER of this machine: something else is there.`,
    );
  });

  it('say whose they are', async () => {
    const [own, given] = [
      await makeJobFolders(makeBase(), 'job'),
      await makeJobFolders(makeBase(), 'job', 'me'),
    ];
    const owner = (root: string) => readFileSync(path.join(root, 'owner'), 'utf8');
    expect([owner(own.root), owner(given.root)]).toEqual([processOwner(), 'me']);
  });

  it('are removed with all that is in them, however deep, and nothing that a link leads to', async () => {
    const base = makeBase();
    const precious = path.join(base, 'precious');
    writeFileSync(precious, '');
    const folders = await makeJobFolders(base, 'job');
    symlinkSync(base, path.join(folders.output, 'link'));
    nestIn(folders.volume, 60, 'd'.repeat(200));
    await removeJobFolders(folders);
    expect(existsSync(folders.root)).toBe(false);
    expect(readdirSync(base)).toEqual(['precious']);
    await removeJobFolders(folders);
  });

  it('are removed with twenty thousand files in a few megabytes of memory', async () => {
    const folders = await makeJobFolders(makeBase(), 'job');
    const file = path.join(folders.root, 'owner');
    for (let count = 0; count < 20_000; count++) linkSync(file, path.join(folders.output, `${count}`));
    const before = process.memoryUsage.rss();
    await removeJobFolders(folders);
    expect(existsSync(folders.root)).toBe(false);
    expect(process.memoryUsage.rss() - before).toBeLessThan(20 * 2 ** 20);
  });
});

describe('the container that removes what an executor may not', () => {
  it("empties folders of anybody's files and closed folders, and follows no link", async () => {
    const base = makeBase();
    writeFileSync(path.join(base, 'precious'), '');
    const folders = ['volume', 'output'].map((name) => path.join(base, name));
    for (const folder of folders) {
      mkdirSync(path.join(folder, 'closed/inside'), { recursive: true });
      writeFileSync(path.join(folder, 'closed/inside/-rf\n*'), '');
      writeFileSync(path.join(folder, '..hidden'), '');
      symlinkSync(base, path.join(folder, 'link'));
      symlinkSync('nowhere', path.join(folder, '.dangling'));
      chownSync(path.join(folder, 'closed'), 4242, 4242);
      execFileSync('chmod', ['1500', path.join(folder, 'closed')]);
    }
    await emptyFolders(docker, [...folders, path.join(base, 'missing')]);
    expect(readdirSync(base)).toEqual(['output', 'precious', 'volume']);
    expect(folders.flatMap((folder) => readdirSync(folder))).toEqual([]);
  });

  it.each([
    ['of long names', 60, 'd'.repeat(255)],
    ['of short names', 6000, 'd'],
  ])('empties a nest %s that no path reaches the end of', async (_, levels, name) => {
    const base = makeBase();
    nestIn(base, levels, name);
    await emptyFolders(docker, [base]);
    expect(readdirSync(base)).toEqual([]);
  });

  it('empties a folder of more files than fit into the arguments of a command', async () => {
    const base = makeBase();
    const name = 'f'.repeat(240);
    for (let file = 0; file < 12_000; file++) writeFileSync(path.join(base, `${name}${file}`), '');
    await emptyFolders(docker, [base], 15_000);
    expect(readdirSync(base)).toEqual([]);
  });

  it('is gone afterwards, and says when it took too long', async () => {
    await expect(emptyFolders(docker, [makeBase()], 1)).rejects.toThrow('within 0.001 s');
    const mine = { label: ['horde.job=cleaning', `horde.owner=${processOwner()}`] };
    expect(await docker.listContainers({ all: true, filters: mine })).toEqual([]);
  });
});

describe.runIf(process.getuid?.() === 0)('an executor that is not root but may use the engine', () => {
  it("removes what a container's root left, with a container's help", async () => {
    const image = await makeTestImage();
    onTestFinished(image.remove);
    const base = makeBase();
    chmodSync(base, 0o777);
    const asNobody = async <T>(work: () => Promise<T>): Promise<T> => {
      const { gid } = statSync('/var/run/docker.sock');
      const groups = process.getgroups!();
      process.setgroups!([gid]);
      process.seteuid!(65_534);
      try {
        return await work();
      } finally {
        process.seteuid!(0);
        process.setgroups!(groups);
      }
    };
    const folders = await asNobody(() => makeJobFolders(base, 'job'));
    const container = await docker.createContainer({
      Image: image.reference,
      Cmd: [
        'sh',
        '-c',
        'mkdir -p /output/a/b && echo mine > /output/a/b/file && chmod 700 /output/a && touch /volume/x',
      ],
      HostConfig: { NetworkMode: 'none', Binds: [`${folders.output}:/output`, `${folders.volume}:/volume`] },
    });
    onTestFinished(() => container.remove({ force: true }));
    await container.start();
    await container.wait();
    await asNobody(async () => {
      await expect(removeJobFolders(folders)).rejects.toThrow(
        'the container left files of another user there',
      );
      await removeJobFolders(folders, docker);
    });
    expect(readdirSync(base)).toEqual([]);
  });
});
