import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Server } from '../install/server.ts';
import { buildExecutorImage } from '../launch/python-miner.ts';
import { MinerNetwork } from '../miner-commands/miner-network.ts';
import { SshHost } from './ssh-host.ts';

const first = '# Ours.\nhere: { mode: local, executor_class: always_on.llm.a6000 } # this machine\n';

/** A host, the executors' image and a network for it: a minute and a half of two processors, with `./horde test --all`. */
const whole = process.env['WHOLE_HOSTS'] !== undefined;

let image: { name: string; remove: () => Promise<unknown> };
let host: SshHost;
let network: MinerNetwork;
let file: string;
describe.runIf(whole)('horde host', () => {
  beforeAll(async () => {
    [image, host, network] = await Promise.all([
      buildExecutorImage(),
      SshHost.start(),
      MinerNetwork.start({ HOST: '0.0.0.0', EXECUTOR_MANAGER_CLASS_PATH: 'docker' }),
    ]);
    file = path.join(network.folder, 'docker_config.yaml');
    writeFileSync(file, first);
    Object.assign(network.environment, { EXECUTOR_IMAGE: image.name, DOCKER_EXECUTORS_CONFIG_PATH: file });
    await network.startMiner();
  }, 300_000);
  afterAll(async () => {
    await network?.close();
    await Promise.all([host?.remove(), image?.remove()]);
  });

  const type = (...words: string[]) => network.command(['host', ...words]).ended;
  const add = (...words: string[]) => type('add', `root@${host.address}`, ...words);
  const always = ['--class', 'always_on.test'];
  const keyed = () => ['--key', host.keyPath];

  const sayNothingWritten = () => expect(readFileSync(file, 'utf8')).toBe(first);

  it('a host is refused, in a sentence and with nothing written, until all is well with it', async () => {
    const unknown = await add(...always, ...keyed());
    expect(unknown.said).toMatch(
      /^FAIL {2}host key +\S+ port 22 shows a key that is not known: SHA256:\S+\.\n +-> Compare it .* --host-key SHA256:/m,
    );
    expect(unknown.exitCode).toBe(1);
    expect(existsSync(`${file}.known_hosts`)).toBe(false);
    const other = `SHA256:${'A'.repeat(43)}`;
    expect((await add(...always, ...keyed(), '--host-key', other)).said).toMatch(/^FAIL {2}host key/m);
    expect(existsSync(`${file}.known_hosts`)).toBe(false);
    sayNothingWritten();

    const hostKey = /--host-key (SHA256:\S+)/.exec(unknown.said)![1]!;
    const stranger = await add(...always, '--host-key', hostKey);
    expect(stranger.said).toMatch(/^OK {4}key +Made \S+\/key: /m);
    expect(stranger.said).toMatch(
      /^FAIL {2}ssh +\S+ does not let root in with the key \S+\/key\.\n +-> From a machine that may log in there: echo 'ssh-ed25519 \S+' \| ssh -p 22 root@/m,
    );
    const nobody = await add(...always, ...keyed(), '--ssh-port', '9');
    expect(nobody.said).toMatch(
      /^FAIL {2}ssh +\S+ port 9 cannot be reached: .*ECONNREFUSED.*\n +-> Start sshd there/m,
    );

    await host.stopEngine();
    const without = await add(...always, ...keyed());
    expect(without.said).toMatch(/^FAIL {2}docker .*\n +-> Type there: systemctl enable --now docker$/m);
    await host.startEngine();
    const gpu = await network.command(
      ['host', 'add', `root@${host.address}`, '--class', 'always_on.gpu-24gb', ...keyed()],
      { DEBUG_NO_GPU_MODE: 'false' },
    ).ended;
    expect(gpu.said).toMatch(/^FAIL {2}nvidia runtime .*\n +-> Install nvidia-container-toolkit/m);
    sayNothingWritten();
  }, 120_000);

  it('a port of its streaming jobs that is closed, or another program’s, is told', async () => {
    await host.run('iptables -I FORWARD 1 -p tcp --dport 80 -j DROP');
    const closed = await add(...always, ...keyed());
    expect(closed.said).toMatch(/^FAIL {2}streaming ports +Port 6006 of \S+ cannot be reached from here/m);
    await host.run('iptables -D FORWARD -p tcp --dport 80 -j DROP');
    await host.run(
      `docker run -d --name neighbour -p 6006:80 --entrypoint /bin/busybox ${image.name} sleep 600`,
    );
    const taken = await add(...always, ...keyed());
    expect(taken.said).toMatch(
      /^FAIL {2}streaming ports +A port of its streaming jobs is another program's/m,
    );
    await host.run('docker rm -f neighbour');
    sayNothingWritten();
  }, 120_000);

  it('a host is added to the running miner with a job on it, kept when it is typed again, and removed', async () => {
    const added = await add(...always, ...keyed(), '--name', 'rack-1');
    expect(added.said).toMatch(/^OK {4}images +\S+: there\.$/m);
    expect(added.said).toMatch(/^OK {4}streaming ports +6006 of \S+ can be reached from here\.$/m);
    expect(added.said).toMatch(/^OK {4}address for executors +Containers there reach the miner at \S+\.$/m);
    expect(added.said).toMatch(/^OK {4}servers file +added: rack-1 in /m);
    expect(added.said).toMatch(/^OK {4}job on rack-1 +Completed in /m);
    expect(added.exitCode).toBe(0);
    const written = readFileSync(file, 'utf8');
    expect(written.startsWith(first)).toBe(true);
    expect(
      Object.values(networkInterfaces())
        .flat()
        .map((one) => one!.address),
    ).toContain(/miner_address: "?([^"\n]+)/.exec(written)![1]);
    expect(await network.query(`select executor_handle->>'place' as place, status from job`)).toEqual([
      { place: 'rack-1', status: 'completed' },
    ]);

    const again = await add(...keyed());
    expect(again.said).toMatch(/^OK {4}servers file +kept: rack-1 in /m);
    expect(again.exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(written);

    const listed = await type('list');
    expect(listed.said).toMatch(/^rack-1 +always_on\.test +\d of 1 +(free|busy)/m);
    expect(listed.said).toMatch(/^here +always_on\.llm\.a6000 +0 of 1 +free$/m);

    const removed = await type('remove', 'rack-1');
    expect(removed.said).toMatch(/^rack-1 gets no more jobs\.\n(.*awaited\.\n)*rack-1 is out of /);
    expect(removed.exitCode).toBe(0);
    sayNothingWritten();
    const last = await type('remove', 'here');
    expect(last.said).toContain('It is the only server of');
    expect(readFileSync(file, 'utf8')).toContain('here: { draining: true, mode: local,');
  }, 240_000);

  it('a host without Docker gets it, and a job', async () => {
    const fresh = await Server.start('bookworm', 'fresh');
    onTestFinished(() => fresh.remove());
    const key = path.join(fresh.folder, 'key');
    const words = ['host', 'add', `keeper@${fresh.address}`, ...always, '--key', key, '--name', 'fresh'];
    const unknown = await network.command(words).ended;
    const hostKey = /--host-key (SHA256:\S+)/.exec(unknown.said)![1]!;
    const added = await network.command([...words, '--host-key', hostKey]).ended;
    expect(added.said).toMatch(/^OK {4}docker +Put there: installing docker\.io .*starting Docker\.$/m);
    expect(added.said).toMatch(/^OK {4}docker +Docker 20\.10\./m);
    expect(added.said).toMatch(/^OK {4}job on fresh +Completed in /m);
    expect((await type('remove', 'fresh')).exitCode).toBe(0);
  }, 400_000);

  it('what is typed wrong is told, and so is a miner without such a file', async () => {
    expect(await type('add', 'nobody', ...always)).toMatchObject({ exitCode: 2 });
    expect((await add()).complained).toContain('--class');
    expect((await type('remove', 'nowhere')).complained).toBe('No server is nowhere. There are: here.\n');
    expect((await type()).complained).toMatch(/^Say what: host add /);
    const none = await network.command(['host', 'list'], { DOCKER_EXECUTORS_CONFIG_PATH: '__default__' })
      .ended;
    expect(none.complained).toContain('printf \'%s\\n\' "HOST_VENDOR_DIR=$PWD/vendor"');
  }, 60_000);
});
