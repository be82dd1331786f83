import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { bridgeGateway } from '@horde/executor-manager';
import Docker from 'dockerode';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serverProgram } from '../../tools/install/script.ts';

const values = {
  role: 'miner',
  wallet_name: 'mine',
  hotkey_name: 'default',
  migrating: '0',
  image: `sha256:${'a'.repeat(64)}`,
  hotkey: '{"secretSeed":"0x5eed"}\n',
  coldkeypub: '{}\n',
};

/** Of this machine's engine: where another one is around it, its usual one is taken. */
const bridgeAddress = (): Promise<string> => bridgeGateway(new Docker());

/** A server's home folder, where the step that writes files runs as it does there. */
class Home {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'horde-home-'));
  readonly env = path.join(this.folder, 'compute_horde_miner/.env');

  constructor(lines?: string[]) {
    onTestFinished(() => rmSync(this.folder, { recursive: true }));
    if (!lines) return;
    mkdirSync(path.dirname(this.env));
    writeFileSync(this.env, lines.join('\n'), { mode: 0o644 });
  }

  lines(): string[] {
    return readFileSync(this.env, 'utf8').trimEnd().split('\n');
  }

  /** @returns what it answers about files */
  async files(given: Partial<typeof values> & Record<string, string> = {}): Promise<string[]> {
    const child = spawn('bash', ['--norc', '--noprofile', '-s'], {
      env: { PATH: process.env['PATH'], HOME: this.folder },
    });
    const named = Object.entries({ ...values, ...given }).flat();
    child.stdin.end(`${serverProgram()}${['files', ...named, '', ''].join('\0')}`);
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    if (code !== 0) throw new Error(stderr);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace('horde: file ', '').replace(/ +/g, ' '));
  }
}

const valueOf = (lines: string[], key: string) =>
  lines.findLast((line) => line.startsWith(`${key}=`))?.slice(key.length + 1);

describe('the settings on a server', () => {
  it('are new secrets and what ComputeHorde’s script wrote, for their owner alone', async () => {
    const home = new Home();
    await home.files({ port: '8001', class: 'always_on.test' });
    const lines = home.lines();
    expect(lines.filter((line) => !line.startsWith('#')).map((line) => line.split('=')[0])).toEqual(
      `SECRET_KEY POSTGRES_PASSWORD BITTENSOR_NETUID BITTENSOR_NETWORK BITTENSOR_WALLET_NAME BITTENSOR_WALLET_HOTKEY_NAME
       HOST_WALLET_DIR COMPOSE_PROJECT_NAME BITTENSOR_MINER_PORT BITTENSOR_MINER_ADDRESS DEFAULT_EXECUTOR_CLASS
       PORT_FOR_EXECUTORS ADDRESS_FOR_EXECUTORS DEFAULT_ADMIN_PASSWORD MIGRATING CHANNEL RUNNER_IMAGE`.split(
        /\s+/,
      ),
    );
    for (const key of ['SECRET_KEY', 'DEFAULT_ADMIN_PASSWORD'])
      expect(valueOf(lines, key)).toMatch(/^[\w-]{34}$/);
    expect(valueOf(lines, 'POSTGRES_PASSWORD')).toMatch(/^[\w-]{22}$/);
    expect(valueOf(lines, 'BITTENSOR_MINER_PORT')).toBe('8001');
    expect(valueOf(lines, 'PORT_FOR_EXECUTORS')).toBe('8001');
    expect(valueOf(lines, 'DEFAULT_EXECUTOR_CLASS')).toBe('always_on.test');
    const hotkey = path.join(home.folder, '.bittensor/wallets/mine/hotkeys/default');
    expect(readFileSync(hotkey, 'utf8')).toBe(values.hotkey);
    for (const file of [home.env, hotkey]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('stay as they are in a second run, with what was added by hand', async () => {
    const home = new Home();
    await home.files();
    const before = [...home.lines(), '# mine', 'MY_KEY="a # b $c"', ' export OTHER = 1', '', "QUOTED='x'"];
    writeFileSync(home.env, `${before.join('\n')}\n`);
    const said = await home.files();
    expect(home.lines()).toEqual(before);
    expect(said.map((line) => line.split(' ')[0])).toEqual(['kept', 'kept', 'kept']);
    expect(said.join()).toContain('DEFAULT_ADMIN_PASSWORD');
  });

  it('change where other values are given, line by line, and a run says which', async () => {
    const home = new Home();
    await home.files();
    const before = home.lines();
    const said = await home.files({ port: '9000', migrating: '1', channel: 'preview' });
    expect(said).toContain('changed .env: BITTENSOR_MINER_PORT PORT_FOR_EXECUTORS MIGRATING CHANNEL');
    const changed = home.lines().filter((line) => !before.includes(line));
    expect(changed).toEqual([
      'BITTENSOR_MINER_PORT=9000',
      'PORT_FOR_EXECUTORS=9000',
      'MIGRATING="1"',
      'CHANNEL=preview',
    ]);
  });

  it('of a server that is moved from are kept, but for what is of its machine', async () => {
    const home = new Home();
    const moved = [
      'SECRET_KEY=theirs',
      'POSTGRES_PASSWORD=theirs too',
      'HOST_WALLET_DIR=/home/them/.bittensor/wallets',
      'BITTENSOR_MINER_ADDRESS=10.0.0.1',
      'BITTENSOR_MINER_PORT=8123',
      'PORT_FOR_EXECUTORS=8124',
      'ADDRESS_FOR_EXECUTORS=172.30.0.1',
      "OWN='$(touch x)' # as it was",
    ];
    const values = {
      moved_env: `${moved.join('\n')}\n`,
      old_bridge: '172.30.0.1',
      old_addresses: '10.0.0.1 fe80::1 ',
    };
    await home.files(values);
    const lines = home.lines();
    expect(lines.slice(0, moved.length)).toEqual(
      moved
        .with(2, `HOST_WALLET_DIR=${home.folder}/.bittensor/wallets`)
        .with(3, 'BITTENSOR_MINER_ADDRESS=auto')
        .with(6, `ADDRESS_FOR_EXECUTORS=${await bridgeAddress()}`),
    );
    expect(statSync(home.env).mode & 0o777).toBe(0o600);
    await home.files(values);
    expect(home.lines()).toEqual(lines);
    await home.files({ ...values, address: 'miner.example' });
    expect(valueOf(home.lines(), 'BITTENSOR_MINER_ADDRESS')).toBe('miner.example');
  });

  it('of ComputeHorde’s script are taken over, closed to others, and its empty secrets filled', async () => {
    const old = [
      'SECRET_KEY=old-secret',
      'POSTGRES_PASSWORD=',
      'BITTENSOR_NETUID=12',
      'BITTENSOR_WALLET_NAME="mine"',
      'BITTENSOR_WALLET_HOTKEY_NAME="other"',
      'COMPOSE_PROJECT_NAME=compute_horde_miner',
      'BITTENSOR_MINER_PORT=8000 # the port',
      'DEFAULT_EXECUTOR_CLASS=',
      'ADDRESS_FOR_EXECUTORS=172.17.0.1',
      'DEFAULT_ADMIN_PASSWORD=old-password',
      'MIGRATING="0"',
    ];
    const home = new Home(old);
    writeFileSync(path.join(home.folder, 'tmpvars'), 'export AWS_SECRET=x\n', { mode: 0o644 });
    writeFileSync(path.join(path.dirname(home.env), 'docker-compose.yml'), 'old\n');
    const said = (await home.files()).join('\n');
    const lines = home.lines();
    expect(lines.filter((line) => !old.includes(line)).map((line) => line.split('=')[0])).toEqual(
      expect.arrayContaining(['POSTGRES_PASSWORD', 'BITTENSOR_WALLET_HOTKEY_NAME', 'RUNNER_IMAGE']),
    );
    expect(valueOf(lines, 'SECRET_KEY')).toBe('old-secret');
    expect(valueOf(lines, 'POSTGRES_PASSWORD')).toMatch(/^[\w-]{22}$/);
    expect(said).toContain('tmpvars');
    expect(said).not.toContain('old-');
    for (const file of [home.env, path.join(home.folder, 'tmpvars')])
      expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = path.join(path.dirname(home.env), 'docker-compose.yml.before');
    expect(readFileSync(before, 'utf8')).toBe('old\n');
    // Its password was never one to show.
    expect(existsSync(path.join(path.dirname(home.env), '.password-not-shown'))).toBe(false);
  });

  it('made by hand go on under the project that their containers have', async () => {
    const home = new Home(['SECRET_KEY=x', 'POSTGRES_PASSWORD=y']);
    await home.files();
    expect(valueOf(home.lines(), 'COMPOSE_PROJECT_NAME')).toBeUndefined();
  });

  it('are whole after a run that was killed while it wrote them', async () => {
    const home = new Home();
    await home.files();
    const before = home.lines();
    writeFileSync(`${home.env}.new-abcdef`, 'half');
    await home.files();
    expect(home.lines()).toEqual(before);
    await home.files({ port: '8002' });
    expect(readdirSync(path.dirname(home.env)).toSorted()).toEqual([
      '.env',
      '.password-not-shown',
      'docker-compose.yml',
    ]);
  });
});

describe('what stands in the settings of a server', () => {
  it('is never run, and stays as it is, whatever it is', async () => {
    const hacked = path.join(tmpdir(), `hacked-${process.pid}`);
    const hostile = [
      `$(touch ${hacked})`,
      `\`touch ${hacked}\``,
      `"; touch ${hacked}; "`,
      `x'; touch ${hacked} #`,
      `a[$(touch ${hacked})]`,
      '-rf / --no-preserve-root',
      'gr\u00FC\u00DFe \u202E',
      'x'.repeat(3_000),
    ];
    const keys = ['COMPOSE_PROJECT_NAME', 'BITTENSOR_MINER_PORT', 'STREAMING_PORTS', 'ADDRESS_FOR_EXECUTORS'];
    for (const value of hostile) {
      const lines = ['SECRET_KEY', 'POSTGRES_PASSWORD', ...keys].map((key) => `${key}=${value}`);
      const home = new Home(lines);
      await home.files();
      expect(home.lines()).toEqual(expect.arrayContaining(lines));
    }
    expect(existsSync(hacked)).toBe(false);
  });
});

describe('another hotkey of the same name on the server', () => {
  it('is never written over', async () => {
    const home = new Home();
    await home.files();
    await expect(home.files({ hotkey: '{"secretSeed":"other"}' })).rejects.toThrow('It is not written over');
    const file = path.join(home.folder, '.bittensor/wallets/mine/hotkeys/default');
    expect(readFileSync(file, 'utf8')).toBe(values.hotkey);
  });
});
