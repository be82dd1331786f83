import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { root } from '@horde/testing/horde';

interface Graph {
  graph: { dependencies: Record<string, { target: string }[]> };
}

/** The libraries that the sources of a project import. */
async function imported(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  const texts = await Promise.all(
    files.filter((file) => file.endsWith('.ts')).map((file) => readFile(path.join(folder, file), 'utf8')),
  );
  return texts.flatMap((text) => [...text.matchAll(/from '@horde\/([\w-]+)'/g)].map((match) => match[1]!));
}

it('nx knows what every project imports: a change in a library builds and tests again what uses it', async () => {
  const nx = path.join(root, 'node_modules/nx/dist/bin/nx.js');
  const { stdout } = await promisify(execFile)(process.execPath, [nx, 'graph', '--print'], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false', NX_CACHE_PROJECT_GRAPH: 'false' },
    maxBuffer: 50_000_000,
  });
  const { dependencies } = (JSON.parse(stdout) as Graph).graph;
  for (const rooms of ['apps', 'libs']) {
    for (const project of await readdir(path.join(root, rooms))) {
      const known = dependencies[project]?.map(({ target }) => target);
      const wanted = await imported(path.join(root, rooms, project, 'src'));
      expect(known, project).toEqual(expect.arrayContaining(wanted));
    }
  }
}, 60_000);
