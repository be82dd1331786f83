import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { throwOnError } from '@horde/job-runner';
import { ensureNodeImage } from '@horde/testing/node-image';
import { root } from '@horde/testing/horde';

const script = path.join(root, 'libs/executor-manager/src/testing/scripted-executor.mjs');
const dockerfile = (base: string) => `FROM ${base}
LABEL horde.streaming-port=served horde.gpus=own
COPY python /usr/local/bin/python
COPY scripted-executor.mjs /scripted-executor.mjs
`;
const python = '#!/bin/sh\nexec node /scripted-executor.mjs "$@"\n';

/** An image that is started like an executor's and does what its token says; made once per engine. */
export async function ensureScriptedImage(docker = new Docker()): Promise<string> {
  const recipe = dockerfile(await ensureNodeImage(docker));
  const hash = createHash('sha256').update(recipe).update(python).update(readFileSync(script)).digest('hex');
  const name = `horde-test/scripted-executor:${hash.slice(0, 12)}`;
  const there = await docker
    .getImage(name)
    .inspect()
    .catch(() => null);
  if (!there) await build(docker, name, recipe);
  return name;
}

async function build(docker: Docker, name: string, recipe: string): Promise<void> {
  const context = mkdtempSync(path.join(tmpdir(), 'horde-scripted-image-'));
  try {
    writeFileSync(path.join(context, 'Dockerfile'), recipe);
    writeFileSync(path.join(context, 'python'), python, { mode: 0o755 });
    copyFileSync(script, path.join(context, 'scripted-executor.mjs'));
    const events = await docker.buildImage(
      { context, src: ['Dockerfile', 'python', 'scripted-executor.mjs'] },
      { t: name },
    );
    await throwOnError(events as AsyncIterable<Buffer>);
  } finally {
    rmSync(context, { recursive: true });
  }
}
