import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeWallet } from './operator.ts';
import { Server } from './server.ts';
import { ensureStandIn } from './stand-in-image.ts';

/** A real server with its own engine: a minute or two, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

const env = '~/compute_horde_validator/.env';
const block =
  /^={20,}\nValidator installed successfully\n {4}URL: (\S+) .+\n {4}Username: admin\n {4}Password: (\S+)\n/;

describe.runIf(whole)('a server with Docker, and an operator who types install_validator.sh', () => {
  let server: Server;
  let words: string[];

  beforeAll(async () => {
    const runner = await ensureStandIn('validator');
    server = await Server.start('bookworm', 'docker');
    await server.load('horde-test/validator-runner:latest');
    const hotkey = writeWallet(path.join(server.folder, 'wallets/mine'), 'default');
    words = ['server', hotkey, '--unsigned', runner];
  }, 900_000);
  afterAll(() => server?.remove());

  const install = (environment: NodeJS.ProcessEnv = {}) =>
    server.install('validator', words, {
      TRUSTED_MINER_ADDRESS: '10.0.0.7',
      TRUSTED_MINER_PORT: '8000',
      ...environment,
    });
  const setting = async (key: string) => (await server.run(`sed -n 's/^${key}=//p' ${env}`)).trim();

  it('takes over what ComputeHorde’s script left, and makes the account that it never made', async () => {
    await server.run(
      `mkdir ~/compute_horde_validator && printf '%s\\n' SECRET_KEY=old POSTGRES_PASSWORD=old-password 'COMPOSE_PROJECT_NAME=compute_horde_validator' 'BITTENSOR_WALLET_NAME="mine"' >${env}`,
    );
    const { code, stdout, stderr } = await install();
    expect(code, stderr).toBe(0);
    const [, url, password] = block.exec(stdout)!;
    expect(url).toBe('http://127.0.0.1:8080/admin/login/');
    expect(password).toBe(await setting('DEFAULT_ADMIN_PASSWORD'));
    expect([await setting('SECRET_KEY'), await setting('POSTGRES_PASSWORD')]).toEqual([
      'old',
      'old-password',
    ]);
    expect([await setting('TRUSTED_MINER_ADDRESS'), await setting('TRUSTED_MINER_PORT')]).toEqual([
      '10.0.0.7',
      '8000',
    ]);
    expect(await server.run('docker port compute_horde_validator-app-1')).toContain('127.0.0.1:80\n');
  }, 300_000);

  it('says what it waits for, and ends well all the same', async () => {
    await server.run('docker exec compute_horde_validator-app-1 touch /data/fails');
    const { code, stdout, stderr } = await install();
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('It waits for what is wrong above');
    expect(block.exec(stdout)?.[2]).toBe('unchanged');
  }, 300_000);

  it('has its panel at another port of the loopback where that is asked for', async () => {
    const { code, stdout, stderr } = await install({ HTTP_PORT: '8088' });
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('added    .env: HTTP_PORT');
    expect(stdout).toContain('-L 8080:127.0.0.1:8088 server');
    expect(await server.run('docker port compute_horde_validator-app-1')).toContain('127.0.0.1:8088\n');
  }, 300_000);

  it('comes to its end after it was killed at each of its steps, with what it had made', async () => {
    const clear = async () => {
      await server.install('validator', ['uninstall', 'server', '--with-data']);
      await server.run('rm -rf ~/.bittensor ~/compute_horde_validator');
    };
    for (const mark of ['Looking at', 'Docker…', 'Images…', 'Files…', 'Start…', 'is ready']) {
      await clear();
      await server.killed('validator', words, mark);
      const secrets = await server.run(`cat ${env} 2>/dev/null || true`);
      const { code, stdout, stderr } = await install();
      expect(code, `${mark}: ${stderr}`).toBe(0);
      expect(block.exec(stdout)?.[2], mark).toBe(await setting('DEFAULT_ADMIN_PASSWORD'));
      if (secrets !== '') expect(secrets).toContain(await setting('SECRET_KEY'));
      expect((await server.run('ls -A ~/compute_horde_validator')).trim().split(/\s+/)).toEqual([
        '.env',
        'docker-compose.yml',
      ]);
    }
  }, 900_000);

  it('is uninstalled, and its wallet stays', async () => {
    expect((await server.install('validator', ['uninstall', 'server', '--with-data'])).code).toBe(0);
    expect(await server.run('docker ps -aq; docker volume ls -q; ls ~/.bittensor/wallets/mine/hotkeys')).toBe(
      'default\n',
    );
  }, 300_000);
});
