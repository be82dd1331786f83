import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '@horde/testing/horde';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followed } from '../../tools/images/engine.ts';
import { Installation } from './installation.ts';
import { makeOldPostgresImage } from './old-postgres-image.ts';

/** Makes all images and starts a facilitator: minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_RUNNER'] !== undefined;

const docker = new Docker();
const run = promisify(execFile);
const tag = randomBytes(4).toString('hex');
/** Of a release that had an older major. */
const before = { postgres: `horde-test/postgres-14:${tag}`, runner: `horde-test/before-runner:${tag}` };
const now = 'horde/facilitator-runner:latest';
const volume = '/var/lib/postgresql';

async function makeReleaseBefore(): Promise<void> {
  await makeOldPostgresImage(before.postgres, volume, `${volume}/14/docker`);
  const { Id } = await docker.getImage(before.postgres).inspect();
  const context = await mkdtemp(path.join(tmpdir(), 'horde-before-'));
  const { stdout } = await run('docker', ['run', '--rm', '--entrypoint', 'cat', now, '/app/images']);
  await writeFile(
    path.join(context, 'images'),
    stdout.replace(/^db .*$/m, `db horde-test/postgres-14 - ${Id}`),
  );
  await writeFile(path.join(context, 'Dockerfile'), `FROM ${now}\nCOPY images /app/images\n`);
  const src = ['Dockerfile', 'images'];
  await followed(docker, await docker.buildImage({ context, src }, { t: before.runner }));
  await rm(context, { recursive: true });
}

describe.runIf(whole)('an installation whose next release has the next major of Postgres', () => {
  let one: Installation;

  beforeAll(async () => {
    await run('./horde', ['image', 'all'], { cwd: root, maxBuffer: 100_000_000 });
    await makeReleaseBefore();
    one = await Installation.make('facilitator', before.runner);
    await one.compose('up', '--detach');
    await one.ready();
    await inService('create_admin', 'of-before');
  }, 900_000);
  afterAll(async () => {
    await one.remove();
    for (const image of [before.runner, before.postgres])
      await docker.getImage(image).remove({ force: true });
  }, 120_000);

  const inService = (...words: string[]) =>
    run('docker', ['exec', `${one.project}-app-1`, 'facilitator', ...words]).then(({ stdout }) => stdout);
  const runner = (...words: string[]) =>
    run('docker', ['exec', `${one.project}-facilitator-runner-1`, 'runner', ...words]).then(
      ({ stdout }) => stdout,
    );
  const serverIs = async () => (await one.inspect('db')).Config.Env.join(' ').match(/postgresql\/(\d+)/)![1];

  it('goes on with the major that it has, and says what to type', async () => {
    await one.write({ RUNNER_IMAGE: now });
    await one.compose('up', '--detach');
    await one.started();
    expect(await one.said()).toContain('The database stays with Postgres 14, and this release has another');
    expect(await serverIs()).toBe('14');
    expect(await inService('list_admins')).toContain('of-before');
  }, 400_000);

  it('has all that was stored after the step, with a backup, and stays there at further starts', async () => {
    expect(await runner('upgrade_postgres')).toContain('The database is of Postgres 18.');
    await one.ready();
    expect(await serverIs()).toBe('18');
    expect(await inService('list_admins')).toContain('of-before');
    await inService('create_admin', 'of-after');
    expect(await runner('upgrade_postgres')).toBe('The database is of Postgres 18 already.\n');
    await one.compose('restart', '--timeout', '2');
    await one.started();
    expect(await inService('list_admins')).toContain('of-after');
  }, 400_000);

  it('returns to the database before, which is as it was', async () => {
    expect(await runner('upgrade_postgres', 'back')).toContain('The database is that of Postgres 14');
    await one.ready();
    expect(await serverIs()).toBe('14');
    const admins = await inService('list_admins');
    expect(admins).toContain('of-before');
    expect(admins).not.toContain('of-after');
  }, 400_000);

  it('keeps the database that it has where the step fails, and can be asked again', async () => {
    const inBackups = (script: string) => {
      const words = ['-v', `${one.project}_backups:/it`, '--entrypoint', 'sh', now, '-c', script];
      return run('docker', ['run', '--rm', '--user', '0:0', ...words]);
    };
    // Where the key should be, that decrypts the backup.
    await inBackups('mv /it/key /it/kept && mkdir /it/key');
    await expect(runner('upgrade_postgres')).rejects.toMatchObject({ code: 1 });
    await one.ready();
    expect(await serverIs()).toBe('14');
    await inService('create_admin', 'once-more');
    await inBackups('rmdir /it/key && mv /it/kept /it/key');
    expect(await runner('upgrade_postgres')).toContain('The database is of Postgres 18.');
    const admins = await inService('list_admins');
    expect(admins).toContain('of-before');
    expect(admins).toContain('once-more');
    expect(admins).not.toContain('of-after');
  }, 400_000);
});
