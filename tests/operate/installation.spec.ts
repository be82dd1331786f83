import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { Keypair } from '@horde/identity';
import { makeCertificate } from '@horde/network';
import { root } from '@horde/testing/horde';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Installation, patience } from '../runner/installation.ts';
import { howToRun } from './how-to-run.ts';

/** Makes all images and starts three services: some minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_OPERATE'] !== undefined;

const run = promisify(execFile);
const docker = new Docker();
const names = ['miner', 'validator', 'facilitator'] as const;
const at = {} as Record<(typeof names)[number], Installation>;
const another = `horde-test-another-${process.pid}`;
const hotkey = Keypair.fromSeed(new Uint8Array(32).fill(7)).address;

/** The line as it is typed here, with its examples filled in. */
async function typed(one: Installation, line: string) {
  const filled = line
    .replaceAll('ADDRESS:PORT', `127.0.0.1:${one.port}`)
    .replaceAll('HOTKEY', hotkey)
    .replaceAll('IMAGE', 'horde/executor:latest')
    .replaceAll(/\bNAME\b/g, 'somebody')
    .replaceAll(/\bJOB\b/g, '7c2d0f34-9f1e-4e0f-8a3b-5f9a0c6d1e22');
  return one.type(filled, { METRICS_TOKEN: token });
}
const token = 'a-token-of-sixteen-characters';

/** The backup's name, in what is said of it. */
const keptIn = (said: string): string => /\/(miner-\S+\.age) has /.exec(said)![1]!;

/** Writes `.env`, has it count, and waits until the service is there. */
async function set(one: Installation, variables: Record<string, string>): Promise<void> {
  await one.write({ METRICS_TOKEN: token, ...variables });
  expect((await one.type('docker compose restart --timeout 2')).code).toBe(0);
  await one.started();
  await one.ready();
}

describe.runIf(whole)('on a real host', () => {
  beforeAll(async () => {
    await run('./horde', ['image', 'all'], { cwd: root, maxBuffer: 100_000_000 });
    for (const name of names) at[name] = await Installation.make(name);
    for (const name of names) {
      await at[name].write({ METRICS_TOKEN: token, RUNNER_IMAGE: `horde/${name}-runner:latest` });
      await at[name].type('docker compose up -d');
    }
    for (const name of names) await at[name].ready();
    await docker.createVolume({ Name: another });
  }, 900_000);
  afterAll(async () => {
    for (const one of Object.values(at)) await one.remove();
    await docker.getVolume(another).remove();
  }, 180_000);

  describe('a command of docs/operate', () => {
    const here = Object.entries(howToRun).flatMap(([command, how]) =>
      'at' in how ? [{ command, ...how }] : [],
    );

    it.each(here.filter(({ command }) => !/restart|up -d/.test(command)))(
      'does what the page says: $command',
      async ({ command, at: name, as = command, exit = 0, says }) => {
        const { code, stdout, stderr } = await typed(at[name], as);
        expect(stdout + stderr).toMatch(says);
        expect(code, stdout + stderr).toBe(exit);
      },
      180_000,
    );

    it.each(here.filter(({ command }) => /restart|up -d/.test(command)))(
      'does what the page says, and the service is there afterwards: $command',
      async ({ command, at: name, says }) => {
        const { code, stdout, stderr } = await typed(at[name], command);
        expect(stdout + stderr).toMatch(says);
        expect(code, stderr).toBe(0);
        await at[name].started();
        await at[name].ready();
      },
      300_000,
    );
  });

  describe('what operators of ComputeHorde type', () => {
    it('edit .env; docker compose down --remove-orphans && docker compose up -d: what was pending counts', async () => {
      const { miner } = at;
      await miner.write({ METRICS_TOKEN: token, LOG_LEVEL: 'debug' });
      const pending = await miner.type('docker exec PROJECT-miner-runner-1 runner pending');
      expect(pending).toMatchObject({ code: 1, stdout: expect.stringMatching(/^ {2}LOG_LEVEL +added$/m) });
      const again = await miner.type('docker compose down --remove-orphans && docker compose up -d');
      expect(again).toMatchObject({ code: 0 });
      await miner.started();
      await miner.ready();
      expect((await miner.inspect('app')).Config.Env).toContain('LOG_LEVEL=debug');
      const after = await miner.type('docker exec PROJECT-miner-runner-1 runner pending');
      expect(after).toMatchObject({ code: 0 });
    }, 400_000);

    it('an editor that puts another file in the place of .env: what is pending is seen all the same', async () => {
      const { miner } = at;
      await miner.type("sed -i 's/^LOG_LEVEL=.*/LOG_LEVEL=info/' .env");
      const { stdout } = await miner.type('docker exec PROJECT-miner-runner-1 runner pending');
      expect(stdout).toMatch(/^ {2}LOG_LEVEL +changed$/m);
      await miner.type("sed -i 's/^LOG_LEVEL=.*/LOG_LEVEL=debug/' .env");
    }, 60_000);

    it('docker compose logs, of a validator', async () => {
      expect((await at.validator.type('docker compose logs --tail 50')).stdout).toContain('validator');
    });

    it('curl 127.0.0.1:HTTP_PORT/admin/login/ -i, of a validator', async () => {
      const { stdout } = await typed(at.validator, 'curl -s ADDRESS:PORT/admin/login/ -i');
      expect(stdout).toMatch(/^HTTP\/1\.1 200 OK/);
    });

    it('python manage.py self_test --weights-version N', async () => {
      const line = 'docker exec PROJECT-app-1 python manage.py self_test --weights-version 1';
      expect((await at.miner.type(line)).stdout).toContain('Completed in');
    }, 120_000);

    it('python manage.py debug_run_organic_job --miner_hotkey H --docker_image I --cmd_args A: one job, or why not', async () => {
      const line =
        'docker exec PROJECT-app-1 python manage.py debug_run_organic_job --miner_hotkey HOTKEY --docker_image IMAGE --cmd_args "echo hello"';
      const { code, stdout, stderr } = await typed(at.validator, line);
      expect(code).toBe(1);
      expect(stdout + stderr).toContain(hotkey);
    }, 120_000);

    it('a volume for each name: one reset that touches no other project, with a backup first', async () => {
      const { miner } = at;
      const backups = path.join(miner.folder, 'backups');
      await mkdir(backups);
      const makeKey =
        'docker exec PROJECT-app-1 miner make_backup_key /tmp/reset.key && docker cp PROJECT-app-1:/tmp/reset.key backups/backup.key';
      const key = /^BACKUP_KEYS=(.*)$/m.exec((await miner.type(makeKey)).stdout)![1]!;

      const without = await miner.type('docker exec PROJECT-miner-runner-1 runner reset PROJECT');
      expect(without).toMatchObject({ code: 1, stdout: expect.stringContaining('nothing was removed') });
      await set(miner, { BACKUP_KEYS: key, BACKUP_FOLDER: backups });
      await miner.type('docker exec PROJECT-app-1 miner create_admin before-the-reset');
      expect((await miner.type('docker exec PROJECT-miner-runner-1 runner reset other')).code).toBe(2);
      const reset = await miner.type('docker exec PROJECT-miner-runner-1 runner reset PROJECT');
      expect(reset, reset.stderr).toMatchObject({ code: 0 });
      await miner.ready();
      const accounts = async () => (await miner.type('docker exec PROJECT-app-1 miner list_admins')).stdout;
      expect(await accounts()).not.toContain('before-the-reset');
      expect((await docker.getVolume(another).inspect()).Name).toBe(another);

      const line = 'docker exec PROJECT-miner-runner-1 runner restore FILE.age backup.key';
      const file = keptIn(reset.stdout);
      const restored = await miner.type(line.replace('FILE.age', file));
      expect(restored, restored.stderr).toMatchObject({ code: 0 });
      await miner.ready();
      expect(await accounts()).toContain('before-the-reset');

      const made = await miner.type('docker exec PROJECT-app-1 miner back_up');
      expect(await readdir(backups)).toContain(keptIn(made.stdout));
    }, 600_000);

    it('a vendor folder with a manager class in Python: a sentence says what it takes instead', async () => {
      const { miner } = at;
      const vendor = path.join(miner.folder, 'vendor');
      await mkdir(vendor);
      await writeFile(path.join(vendor, 'cloud.py'), 'class Manager: pass\n');
      await miner.write({ HOST_VENDOR_DIR: vendor, EXECUTOR_MANAGER_CLASS_PATH: 'cloud:Manager' });
      await miner.type('docker compose restart --timeout 2');
      await vi.waitFor(async () => {
        const { stdout, stderr } = await miner.type('docker logs --tail 50 PROJECT-app-1');
        expect(stdout + stderr).toContain('cloud.py is Python. This miner runs managers in TypeScript');
      }, patience);
      await set(miner, {});
    }, 600_000);

    it('git push production master: one line deploys another release of the facilitator by its digest, and back', async () => {
      const { facilitator } = at;
      const first = (await facilitator.inspect('facilitator-runner')).Image;
      const tag = `${facilitator.project}:next`;
      await writeFile(path.join(facilitator.folder, 'Dockerfile'), `FROM ${first}\nLABEL release=next\n`);
      expect((await facilitator.type(`docker build -q -t ${tag} .`)).code).toBe(0);
      const second = (await docker.getImage(tag).inspect()).Id;
      const database = (await facilitator.inspect('db')).Id;
      const line = (image: string) =>
        `sed -i 's|^RUNNER_IMAGE=.*|RUNNER_IMAGE=${image}|' .env && docker compose up -d`;
      for (const image of [second, first]) {
        await facilitator.write({ METRICS_TOKEN: token, RUNNER_IMAGE: first });
        const deployed = await facilitator.type(line(image));
        expect(deployed, deployed.stderr).toMatchObject({ code: 0 });
        await vi.waitFor(
          async () => expect((await facilitator.inspect('facilitator-runner')).Image).toBe(image),
          patience,
        );
        await vi.waitFor(
          async () => expect(await facilitator.said()).toContain('The facilitator has been started'),
          patience,
        );
        await facilitator.ready();
        expect((await facilitator.inspect('db')).Id).toBe(database);
      }
      await docker.getImage(tag).remove({ force: true });
    }, 600_000);

    it('nginx with a certificate of certbot’s: the facilitator serves one itself, and the one that takes its place', async () => {
      const { facilitator } = at;
      const folder = path.join(facilitator.folder, 'tls');
      await mkdir(folder);
      const renew = async () => {
        const { certificate, key } = await makeCertificate(['panel.example']);
        await writeFile(path.join(folder, 'key.pem'), key);
        await writeFile(path.join(folder, 'certificate.pem'), certificate);
        return new X509Certificate(certificate).fingerprint256;
      };
      const RUNNER_IMAGE = (await facilitator.inspect('facilitator-runner')).Image;
      const [TLS_CERTIFICATE, TLS_KEY] = ['/tls/certificate.pem', '/tls/key.pem'];
      const first = await renew();
      await set(facilitator, { RUNNER_IMAGE, TLS_CERTIFICATE, TLS_KEY, HOST_TLS_DIR: folder });
      const login = `https://127.0.0.1:${facilitator.encryptedPort}/admin/login/`;
      const typed = await facilitator.type(`curl -sk -o /dev/null -w '%{http_code}' ${login}`);
      expect(typed.stdout).toBe('200');
      const shown = async () => {
        const socket = connect({ port: facilitator.encryptedPort, rejectUnauthorized: false });
        await once(socket, 'secureConnect');
        const { fingerprint256 } = socket.getPeerX509Certificate()!;
        socket.destroy();
        return fingerprint256;
      };
      expect(await shown()).toBe(first);
      const second = await renew();
      await expect.poll(shown, patience).toBe(second);
      await set(facilitator, { RUNNER_IMAGE });
    }, 600_000);
  });

  it('has a row in the troubleshooting for each thing that a doctor finds', async () => {
    const page = await readFile(path.join(root, 'docs/operate/troubleshoot.md'), 'utf8');
    for (const name of names) {
      const { stdout } = await at[name].type(`docker exec PROJECT-app-1 ${name} doctor`);
      const found = [...stdout.matchAll(/^(?:OK|WARN|FAIL) +(\S+(?: \S+)*) {2}/gm)].map(([, what]) => what!);
      expect(found.length).toBeGreaterThan(5);
      expect(found.filter((what) => !page.includes(`\`${what}\``))).toEqual([]);
    }
  }, 120_000);
});

describe('what operators of ComputeHorde type, and another spec types', () => {
  const rows: [typed: string, by: string, words: string][] = [
    ['install_miner production DEST HOTKEY [PORT]', 'tests/install/real-install.spec.ts', "'production'"],
    ['install_miner local DEST VALIDATOR_SS58 [PORT] [CLASS]', 'tests/install/arguments.spec.ts', "'local'"],
    ['exports, then install_validator DEST HOTKEY', 'tests/install/validator-install.spec.ts', "'validator'"],
    [
      'a docker-compose.yml by hand without COMPOSE_PROJECT_NAME',
      'apps/runner/src/plan.spec.ts',
      "toBe('root')",
    ],
    ['select * from miner_acceptedjob', 'apps/miner/src/jobs/accepted-jobs.spec.ts', 'miner_acceptedjob'],
    ['panel: Accepted jobs, SERVING, passwords', 'tests/panel/panel.spec.ts', 'also called CONSTANCE'],
    ['the install again: secrets stay', 'tests/install/real-install.spec.ts', 'Password: unchanged'],
    ['nvidia-smi in a container', 'apps/miner/src/doctor/gpus.spec.ts', 'nvidia-smi'],
    ['docker_config.yaml: executors of hosts', 'tests/executor-managers/ssh.spec.ts', 'ssh'],
    ['a manager class of TypeScript', 'tests/executor-managers/custom.spec.ts', 'custom-executor-manager'],
    ['job images are there without a cron', 'tests/executor-managers/job-images.spec.ts', 'image'],
    ['commands of python manage.py', 'tests/workspace/commands.spec.ts', 'says why it is absent'],
    ['MINER_IMAGE_TAG=v0-preprod', 'apps/runner/src/update/decide.spec.ts', 'preprod'],
    ['a whole network on a laptop', 'tests/e2e/up.spec.ts', 'up'],
    ['a backup each day, restored', 'apps/miner/src/commands/backup.spec.ts', "'restore'"],
  ];

  it.each(rows)('%s: in %s', (_typed, by, words) => {
    const file = path.join(root, by);
    expect(existsSync(file) && readFileSync(file, 'utf8').includes(words), by).toBe(true);
  });
});
