import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from './paths.ts';
import { ensureWordCountImage } from './example-image.ts';

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
});
