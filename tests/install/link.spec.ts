import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  missingRegistry,
  startRegistry,
  type DockerRegistry,
} from '../../libs/job-runner/src/testing/docker-registry.ts';
import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { followed } from '../../tools/images/engine.ts';
import { writeBundle } from '../../tools/images/offline-bundle.ts';
import { writeWallet } from './operator.ts';
import { Server } from './server.ts';
import { ensureStandIn } from './stand-in-image.ts';

/** Real servers, and a link that is given up after a minute: it runs with `./horde test --all`. */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

const docker = new Docker();
const long = 400_000;

describe.runIf(whole)('a server with Docker', () => {
  let server: Server;
  let hotkey: string;
  let runner: string;

  beforeAll(async () => {
    runner = await ensureStandIn('miner');
    server = await Server.start('bookworm', 'docker');
    hotkey = writeWallet(path.join(server.folder, 'wallets/mine'), 'default');
  }, 900_000);
  afterAll(() => server?.remove());
  afterEach(async () => {
    await server.install('miner', ['uninstall', 'server', '--with-data']);
    await server.run('docker system prune -af >/dev/null');
  }, long);

  describe('and a link that ends in the middle of the images', () => {
    let bundle: string;
    const stalled = () => path.join(server.folder, 'stalled');
    const install = () => server.install('miner', ['production', 'server', hotkey, '--offline', bundle]);

    beforeAll(async () => {
      bundle = path.join(server.folder, 'bundle');
      await writeBundle(docker, 'miner', { runner, file: bundle, say: () => undefined });
    }, long);

    /** Lets the operator's tar, which first reads the images to check them, stop in the middle when it sends them. */
    function stallImages(): void {
      rmSync(stalled(), { force: true });
      writeFileSync(
        path.join(server.folder, 'bin/tar'),
        `#!/bin/sh
case "$*" in *images.tar.gz)
  if [ -e ${server.folder}/checked ]; then
    /usr/bin/tar "$@" | head -c 3000000
    : >${stalled()}
    while sleep 1; do printf x || exit; done
  fi
  : >${server.folder}/checked ;;
esac
exec /usr/bin/tar "$@"
`,
        { mode: 0o755 },
      );
    }
    function goOn(): void {
      for (const file of ['bin/tar', 'checked']) rmSync(path.join(server.folder, file));
    }
    const untilStalled = () =>
      vi.waitFor(() => expect(existsSync(stalled())).toBe(true), { timeout: 120_000, interval: 100 });

    it(
      'since nothing gets through any more: both sides give up, and the same line does the rest',
      async () => {
        stallImages();
        const running = install();
        await untilStalled();
        await server.run('iptables -I INPUT -p tcp --dport 22 -j DROP');
        const { code, stdout, stderr } = await running;
        await server.run('iptables -D INPUT -p tcp --dport 22 -j DROP');
        goOn();
        expect([code, stdout]).toEqual([1, '']);
        expect(stderr).toContain('The connection to server was lost while it was at: load.');
        const again = await install();
        expect(again.code, again.stderr).toBe(0);
        expect(again.stdout).toContain('Miner installed successfully');
      },
      long,
    );

    it(
      'since ssh was killed: the lock is free for the next run',
      async () => {
        stallImages();
        const running = install();
        await untilStalled();
        server.killOperator();
        await running;
        goOn();
        const again = await install();
        expect(again.code, again.stderr).toBe(0);
        expect(again.stderr).not.toContain('Another run of this script');
      },
      long,
    );
  });

  describe.skipIf(missingRegistry)('and a registry', () => {
    let registry: DockerRegistry;
    let forward: ChildProcess;

    beforeAll(async () => {
      registry = await startRegistry();
      // An engine takes one without a certificate only of its own machine.
      forward = spawn(
        path.join(server.folder, 'bin/ssh'),
        ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `127.0.0.1:5000:${registry.host}`, 'server'],
        { stdio: 'ignore' },
      );
    });
    afterAll(async () => {
      const ended = once(forward, 'exit');
      forward.kill();
      await ended;
      await registry.stop();
    });

    it(
      'is given the runner by its digest, which is pulled there, and nothing by another digest',
      async () => {
        const repo = `${registry.host}/horde/miner-runner`;
        await docker.getImage(runner).tag({ repo, tag: 'test' });
        const pushed = docker.getImage(`${repo}:test`);
        await followed(docker, await pushed.push({ authconfig: { username: '', password: '' } }));
        const digest = (await pushed.inspect()).RepoDigests.find((one) => one.startsWith(repo))!.split(
          '@',
        )[1]!;
        await pushed.remove();
        await vi.waitFor(() => server.run(': >/dev/tcp/127.0.0.1/5000'), { timeout: 30_000, interval: 200 });
        const words = (by: string) => [
          'production',
          'server',
          hotkey,
          '--unsigned',
          `localhost:5000/horde/miner-runner@${by}`,
        ];

        const wrong = await server.install('miner', words(`sha256:${'0'.repeat(64)}`));
        expect([wrong.code, wrong.stderr]).toEqual([
          1,
          expect.stringContaining('could not be pulled on the server'),
        ]);
        const { code, stdout, stderr } = await server.install('miner', words(digest));
        expect(code, stderr).toBe(0);
        expect(stdout).toContain('Miner installed successfully');
        expect(await server.run('sed -n s/^RUNNER_IMAGE=//p ~/compute_horde_miner/.env')).toBe(
          `localhost:5000/horde/miner-runner@${digest}\n`,
        );
      },
      long,
    );
  });
});
