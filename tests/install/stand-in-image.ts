import path from 'node:path';
import Docker from 'dockerode';
import { loadOwnImage } from '../../tools/images/own-image.ts';
import { pinnedCompose } from '../../tools/images/pinned-compose.ts';

/** An image that plays the runner of a role. @returns its id */
export async function ensureStandIn(role: 'miner' | 'validator', docker = new Docker()): Promise<string> {
  const reference = `horde-test/${role}-runner:latest`;
  const config = {
    Env: ['PATH=/usr/local/bin:/bin'],
    Cmd: ['node', '/stand-in-runner.mjs', role, 'runner'],
  };
  await loadOwnImage(docker, reference, config, (files) => {
    files.program(process.execPath, '/usr/local/bin/node');
    files.busybox();
    // As a runner has it, from where a bundle takes it.
    files.copy(path.join(pinnedCompose().folder, 'docker-compose'), '/usr/local/bin/docker-compose', 0o755);
    files.copy(path.join(import.meta.dirname, 'stand-in-runner.mjs'), '/stand-in-runner.mjs', 0o644);
    // Its command, of which the test is to fail where a file says so.
    files.write(
      `/usr/local/bin/${role}`,
      '#!/bin/sh\necho "$@"\n[ ! -e /data/fails ] || { echo "the test job failed" >&2; exit 1; }\n',
      0o755,
    );
  });
  return (await docker.getImage(reference).inspect()).Id;
}
