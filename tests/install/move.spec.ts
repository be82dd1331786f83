import { readHotkey } from '@horde/identity';
import { ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startDevnet, type TestDevnet } from '../../apps/devnet/src/testing/start-devnet.ts';
import { commandLinesDuring } from './command-lines.ts';
import { RealBundles, writeOwnLines, writeRealWallet } from './real-bundles.ts';
import { Server } from './server.ts';
import { WayIn } from './way-in.ts';

/** Makes all images and moves real services between servers: some minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

const long = 600_000;
const patience = { timeout: 60_000 };
const state = 'ls -lR --time-style=full-iso /root /etc; docker ps -aq; docker volume ls -q; docker images -q';
const names = (server: Server) => server.run("docker ps -a --format '{{.Names}}' | sort | tr '\\n' ' '");

describe.runIf(whole)('a service that is moved from one server to another', () => {
  let bundles: RealBundles;
  let old: Server;
  let next: Server;
  let hotkey: string;
  let hotkeyAddress: string;
  /** The chain that both servers see. */
  let chain: TestDevnet;
  let wayToChain: WayIn;
  const token = 'a token of the chain';

  beforeAll(async () => {
    bundles = await RealBundles.make();
    old = await Server.start('bookworm', 'docker');
    next = await Server.start('bookworm', 'docker');
    old.reaches(next, 'next');
    hotkey = await writeRealWallet(old);
    ({ address: hotkeyAddress } = await readHotkey(hotkey));
    chain = await startDevnet({ netuid: 12, blockTime: 1 });
    wayToChain = await WayIn.to(Number(new URL(chain.address).port));
    const neuron = { stake: 1_000, validator_permit: true, axon: null };
    await chain.call('PUT', `/devnet/neurons/${hotkeyAddress}`, neuron);
    for (const role of ['miner', 'validator'])
      await chain.call('PUT', `/devnet/identities/${role}`, { hotkey: hotkeyAddress, token });
  }, 1_800_000);
  afterAll(async () => {
    await old?.remove();
    await next?.remove();
    wayToChain?.close();
    await chain?.close();
    bundles?.remove();
  });
  const onChain = () => [`PYLON_ADDRESS=http://${wayToChain.address}`, `'PYLON_IDENTITY_TOKEN=${token}'`];

  describe('a miner', () => {
    const app = 'compute_horde_miner-app-1';
    const env = '~/compute_horde_miner/.env';
    const words = () => ['move', 'server', 'next', '--offline', bundles.of('miner')];
    const move = (...more: string[]) =>
      old.install('miner', [...words(), ...more], { BITTENSOR_MINER_ADDRESS: next.address });
    /** Where the chain says that it is. */
    const announced = async () => {
      const { body } = await chain.call('GET', '/api/v1/subnet/12/block/latest/neurons');
      return (body.neurons[hotkeyAddress].axon_info as { ip: string }).ip;
    };
    const worksOnOld = async () => {
      expect(await old.run(`docker inspect -f '{{.State.Health.Status}}' ${app}`)).toBe('healthy\n');
      expect(await names(next)).not.toContain('app');
    };

    beforeAll(async () => {
      await writeOwnLines(old, 'miner', [
        ...onChain(),
        'DEBUG_NO_GPU_MODE=true',
        'DYNAMIC_RECEIPT_TRANSFER_ENABLED=true',
        `BITTENSOR_MINER_ADDRESS=${old.address}`,
      ]);
      const { code, stderr } = await old.install('miner', [
        'production',
        'server',
        hotkey,
        '8000',
        'always_on.test',
        '--offline',
        bundles.of('miner'),
      ]);
      expect(code, stderr).toBe(0);
      expect(await announced()).toBe(old.address);
      await old.run('echo secret >~/.bittensor/wallets/mine/coldkey');
      await old.run(`docker exec ${app} miner create_admin somebody`);
      await old.run(`docker exec ${app} miner debug_create_random_receipts 7`);
    }, 900_000);

    it(
      'changes nothing with --dry-run, and says what it would do',
      async () => {
        const before = [await old.run(state), await next.run(state)];
        const { code, stdout, stderr } = await move('--dry-run');
        expect(code, stderr).toBe(0);
        expect(stdout).toMatch(
          /^To move the miner from server to next:\n( {2}- .+\n)+Nothing was changed\.\n$/,
        );
        expect([await old.run(state), await next.run(state)]).toEqual(before);
      },
      long,
    );

    it(
      'changes nothing where the new server lacks a folder that the settings name',
      async () => {
        await old.run(`cp -p ${env} /root/kept && echo HOST_VENDOR_DIR=/srv/vendor >>${env}`);
        const before = await next.run(state);
        const { code, stdout, stderr } = await move();
        await old.run(`cp -p /root/kept ${env} && rm /root/kept`);
        expect([code, stdout]).toEqual([1, '']);
        expect(stderr).toContain('HOST_VENDOR_DIR is /srv/vendor, which is not here.');
        expect(await next.run(state)).toBe(before);
        await worksOnOld();
      },
      long,
    );

    it(
      'works on the old server as before where the new one cannot take it in, and says so',
      async () => {
        const failing = '/usr/local/bin/docker';
        await next.run(
          `printf '%s\\n' '#!/bin/sh' 'case "$*" in *take_in) cat >/dev/null; exit 3 ;; esac' 'exec /usr/bin/docker "$@"' >${failing} && chmod 755 ${failing}`,
        );
        const { code, stdout, stderr } = await move();
        await next.run(`rm ${failing}`);
        expect([code, stdout]).toEqual([1, '']);
        expect(stderr).toContain('It was not moved: server works as before');
        await old.run(
          `for i in $(seq 100); do [ "$(docker inspect -f '{{.State.Health.Status}}' ${app})" = healthy ] && exit; sleep 1; done; exit 1`,
        );
        await worksOnOld();
      },
      long,
    );

    it(
      'is not on both where all was killed while it was handed over, and the same line does the rest',
      async () => {
        await old.killed('miner', words(), 'hands over');
        const found = [await names(old), await names(next)].filter((one) => one.includes(app));
        expect(found.length).toBeLessThan(2);
        const settings = await old.run(`cat ${env}`);
        const secrets = ['SECRET_KEY', 'POSTGRES_PASSWORD', 'DEFAULT_ADMIN_PASSWORD'].map(
          (key) => new RegExp(`^${key}=(.*)$`, 'm').exec(settings)![1]!,
        );
        const [{ code, stdout, stderr }, commandLines] = await commandLinesDuring(() => move());
        expect(code, stderr).toBe(0);
        expect(stdout).toContain(`URL: http://${next.address}:8000/admin/login/`);
        expect(stdout).toContain('Password: unchanged');
        expect(stderr).toMatch(/^OK +job always_on\.test +Completed in/m);
        for (const secret of secrets) {
          expect(stdout + stderr).not.toContain(secret);
          expect(commandLines).not.toContain(secret);
        }
      },
      long,
    );

    it('has its accounts, receipts and settings on the new server, and its address on the chain is that one’s', async () => {
      expect(await announced()).toBe(next.address);
      expect(wayToChain.connected).not.toContain(old.address);
      expect(await next.run(`docker exec ${app} miner list_admins`)).toContain('somebody');
      const pages = await next.run(`docker exec ${app} sh -c 'cat /receipts/*.jsonl'`);
      expect(pages.trim().split('\n').length).toBeGreaterThanOrEqual(7);
      expect(await next.run(`docker exec ${app} miner prepare_receipts`)).toContain(
        'All receipts are on pages',
      );
      const settings = await next.run(`cat ${env}`);
      expect(settings).toContain(`BITTENSOR_MINER_ADDRESS=${next.address}\n`);
      expect(settings).toContain('DEBUG_NO_GPU_MODE=true\n');
      expect(await next.run(`stat -c %a ${env} ~/.bittensor/wallets/mine/hotkeys/default`)).toBe(
        '600\n600\n',
      );
      expect(await next.run('ls -1 ~/.bittensor/wallets/mine')).toBe('coldkeypub.txt\nhotkeys\n');
    });

    it(
      'is not started on the old server any more, whatever is started there',
      async () => {
        expect(await names(old)).toBe('compute_horde_miner-miner-runner-1 ');
        await old.run('docker restart compute_horde_miner-miner-runner-1');
        const { code, stderr } = await old.install('miner', [
          'production',
          'server',
          hotkey,
          '--offline',
          bundles.of('miner'),
        ]);
        expect([code, stderr]).toEqual([1, expect.stringContaining('runner take_back compute_horde_miner')]);
        expect(await names(old)).toBe('compute_horde_miner-miner-runner-1 ');
        expect(await old.run('ls -A ~/compute_horde_miner')).not.toContain('handed-over');
      },
      long,
    );

    it(
      'stays as it is where the same line is typed again',
      async () => {
        const ids = await next.run('docker ps -q --no-trunc');
        const { code, stdout, stderr } = await move();
        expect(code, stderr).toBe(0);
        expect(stdout).toContain('Password: unchanged');
        expect(await next.run('docker ps -q --no-trunc')).toBe(ids);
      },
      long,
    );

    it(
      'is moved back, with what it has, once the old server is cleared',
      async () => {
        expect((await old.install('miner', ['uninstall', 'server', '--with-data'])).code).toBe(0);
        const back = ['move', 'next', 'server', '--offline', bundles.of('miner')];
        const { code, stderr } = await old.install('miner', back, { BITTENSOR_MINER_ADDRESS: old.address });
        expect(code, stderr).toBe(0);
        await worksOnOld();
        expect(await old.run(`docker exec ${app} miner list_admins`)).toContain('somebody');
        expect(await announced()).toBe(old.address);
      },
      long,
    );
  });

  it('a validator goes with what it has, ends on the old server, and its link to the facilitator comes from the new one', async () => {
    const app = 'compute_horde_validator-app-1';
    const offline = ['--offline', bundles.of('validator')];
    const facilitator = new ScriptedFacilitator(hotkeyAddress);
    await facilitator.start();
    const way = await WayIn.to(Number(new URL(facilitator.uri).port));
    onTestFinished(async () => {
      way.close();
      await facilitator.stop();
    });
    await writeOwnLines(old, 'validator', [...onChain(), `FACILITATOR_URI=ws://${way.address}/ws/v0/`]);
    const installed = await old.install('validator', ['server', hotkey, ...offline]);
    expect(installed.code, installed.stderr).toBe(0);
    await old.run(`docker exec ${app} validator create_admin somebody`);
    await expect.poll(() => facilitator.logins.items.length, patience).toBe(1);
    expect(way.connected).toEqual([old.address]);

    const { code, stdout, stderr } = await old.install('validator', ['move', 'server', 'next', ...offline]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^Validator installed successfully$/m);
    expect(await next.run(`docker exec ${app} validator list_admins`)).toContain('somebody');
    expect(await names(old)).not.toContain(app);
    await expect.poll(() => way.connected, patience).toEqual([next.address]);
    expect(facilitator.logins.items).toHaveLength(2);
  }, 1_200_000);
});
