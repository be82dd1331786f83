import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from '../paths.ts';
import { isStatic, staticBusybox } from './busybox.ts';
import { ensureWordCountImage } from './image.ts';

const docker = new Docker();

describe("the demo's image", () => {
  it('is built once, and anew when its sources change', async () => {
    const sources = mkdtempSync(path.join(tmpdir(), 'horde-sources-'));
    onTestFinished(() => rmSync(sources, { recursive: true }));
    cpSync(path.join(root, 'examples/word-count'), sources, { recursive: true });
    const work = path.join(sources, 'work');
    const built: string[] = [];
    const ensure = async () => {
      const tag = await ensureWordCountImage(docker, (line) => built.push(line), work, sources);
      onTestFinished(() =>
        docker
          .getImage(tag)
          .remove({ force: true })
          .catch(() => {}),
      );
      return tag;
    };
    writeFileSync(path.join(sources, 'word-count.sh'), `#!/bin/sh\n# ${sources}\n`);
    const first = await ensure();
    expect(await ensure()).toBe(first);
    expect(built).toHaveLength(1);
    expect(built[0]).toMatch(/^image +building horde\/word-count:[0-9a-f]{12} with this machine's busybox$/);
    writeFileSync(path.join(sources, 'word-count.sh'), `#!/bin/sh\n# ${sources} changed\n`);
    expect(await ensure()).not.toBe(first);
    expect(built).toHaveLength(2);
    expect(readdirSync(work)).toEqual([]);
  });

  it('says which package brings the busybox it needs', async () => {
    await expect(staticBusybox(['/nowhere/busybox'])).rejects.toThrow(
      "There is no busybox on this machine. The demo's image is made of a static one: apt-get install busybox-static",
    );
    await expect(staticBusybox(['/nowhere/busybox', '/usr/bin/env'])).rejects.toThrow(
      '/usr/bin/env needs shared libraries.',
    );
  });

  it('tells a static program from one with shared libraries, and from anything else', () => {
    expect(isStatic(readFileSync('/bin/busybox'))).toBe(true);
    expect(isStatic(readFileSync('/usr/bin/env'))).toBe(false);
    expect(isStatic(Buffer.from('#!/bin/sh\n'))).toBe(false);
  });
});
