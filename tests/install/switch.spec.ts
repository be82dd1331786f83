import { cycleOf } from '@horde/chain';
import { ensureHotkey, Keypair } from '@horde/identity';
import { asJson, djangoHash, type Fingerprint } from '@horde/testing/compute-horde/old-database';
import { PanelClient } from '@horde/testing/panel-client';
import { accepted, finished, pageLine, started, type Signers } from '@horde/testing/receipts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ComputeHordeHost, reference } from './compute-horde-host.ts';
import type { Role } from './compute-horde-images.ts';
import { RealBundles, writeRealWallet } from './real-bundles.ts';
import { Server } from './server.ts';

/**
 * Makes all images and switches real hosts: some minutes, so that it runs with `./horde test --all`. With REFERENCE_DIR
 * ComputeHorde's own scripts lay the hosts out.
 */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

const long = 600_000;
/** Until a tunnel is there. */
const patience = { timeout: 30_000, interval: 500 };
const password = 'correct horse battery';
const by = reference
  ? 'that ComputeHorde’s own script has laid out'
  : 'in the layout of ComputeHorde’s script';

let bundles: RealBundles;

beforeAll(async () => {
  if (whole) bundles = await RealBundles.make();
}, 1_500_000);
afterAll(() => bundles?.remove());

/** A host that works, and what an operator of ComputeHorde has on it. */
class Switched {
  /** Before the first switch. */
  private settings!: Record<string, string>;
  private files!: string;
  private fingerprint!: Fingerprint;

  private constructor(
    readonly host: ComputeHordeHost,
    readonly hotkey: string,
    readonly keypair: Keypair,
  ) {}

  /** @param lines of `.env` that the operator has changed: the chain of one machine, and what nothing outside tells this host */
  static async make(
    role: Role,
    lines: (address: string) => Record<string, string>,
    layOut = ComputeHordeHost.layOut,
  ): Promise<Switched> {
    const server = await Server.start('bookworm', 'docker');
    try {
      const hotkey = await writeRealWallet(server);
      const host = await layOut(server, role, hotkey);
      for (const [name, value] of Object.entries({ BITTENSOR_NETWORK: 'devnet', ...lines(server.address) }))
        await host.type(`sed -i '/^${name}=/d' .env && echo '${name}=${value}' >>.env`);
      return new Switched(host, hotkey, await ensureHotkey(hotkey));
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  get server(): Server {
    return this.host.server;
  }

  /** Notes how all is before anything is switched. */
  async remember(): Promise<void> {
    this.settings = await this.host.settings();
    this.files = await this.wallet();
    await this.note();
  }

  /** Notes what ComputeHorde's database has. */
  async note(): Promise<void> {
    this.fingerprint = await this.look();
  }

  /** Types the install script as for a new server. */
  async byScript(): Promise<string> {
    const { role } = this.host;
    const words = role === 'miner' ? ['production', 'server', this.hotkey] : ['server', this.hotkey];
    const { code, stdout, stderr } = await this.server.install(role, [
      ...words,
      '--offline',
      bundles.of(role),
    ]);
    expect(code, stderr).toBe(0);
    for (const secret of ['SECRET_KEY', 'POSTGRES_PASSWORD'])
      expect(stdout + stderr).not.toContain(this.settings[secret]);
    expect(await this.host.type('stat -c %a .env')).toBe('600\n');
    return `${stdout}${stderr}`;
  }

  /** Logs in to the panel through SSH, as an operator has to. @param port of the server's loopback */
  async logIn(port: number, name: string, look: (panel: PanelClient) => Promise<void>): Promise<void> {
    const tunnel = await this.server.tunnel(`127.0.0.1:${port}`);
    try {
      const url = `http://127.0.0.1:${tunnel.port}`;
      await look(await vi.waitFor(() => PanelClient.logIn(url, name, password), patience));
    } finally {
      await tunnel.close();
    }
  }

  /** `.env` with its secrets and own lines, and the wallet, are as they were. */
  async expectKept(): Promise<void> {
    const { ADDRESS_FOR_EXECUTORS: _bridge, ...settings } = this.settings;
    expect(await this.host.settings()).toMatchObject(settings);
    expect(await this.wallet()).toBe(this.files);
  }

  /** Types the way back of docs/operate/take-over.md. */
  async back(): Promise<void> {
    await this.host.type('cp docker-compose.yml.before docker-compose.yml && docker compose up -d');
    await this.host.works();
    await this.expectKept();
    expect(await this.look()).toEqual(this.fingerprint);
  }

  private wallet(): Promise<string> {
    return this.server.run(
      'cd ~/.bittensor/wallets && find . -printf "%p %m %u\\n" | sort && sha256sum $(find . -type f)',
    );
  }

  /** The counters of its tables outlast a server that has ended in order, and no other. */
  private async look(): Promise<Fingerprint> {
    const database = await this.host.openDatabase();
    try {
      return await database.fingerprint();
    } finally {
      await database.stop();
    }
  }
}

const ofMiner = (address: string) => ({
  DEBUG_NO_GPU_MODE: 'true',
  DEFAULT_EXECUTOR_CLASS: 'always_on.test',
  BITTENSOR_MINER_ADDRESS: address,
});

describe.runIf(whole)(`a miner’s host ${by}`, () => {
  const validator = Keypair.generate();
  let one: Switched;
  let page: { name: string; text: string };
  const app = 'docker exec compute_horde_miner-app-1';
  /** What anybody gets of the page of its receipts. */
  const shown = async () => (await fetch(`http://${one.server.address}:8000/receipts/${page.name}`)).text();

  beforeAll(async () => {
    one = await Switched.make('miner', ofMiner);
    const signers: Signers = { validator, miner: one.keypair };
    const receipts = [started(signers), accepted(signers), finished(signers)];
    const database = await one.host.openDatabase();
    await database.makeTables('miner');
    await database.addUser('admin', djangoHash(password), { superuser: true });
    await database.addSetting('DYNAMIC_RECEIPT_TRANSFER_ENABLED', asJson(true));
    await database.sql.query(
      'insert into miner_validator (public_key, active, debug) values ($1, true, true)',
      [validator.address],
    );
    await database.addReceipts(receipts, signers);
    await database.stop();
    page = {
      name: `${Math.floor(Date.now() / 300_000)}.jsonl`,
      text: receipts.map((receipt) => `${pageLine(receipt, signers)}\n`).join(''),
    };
    await one.server.run(
      `docker exec compute_horde_miner-app-1 sh -c 'printf "%s" "$1" >/receipts/${page.name}' sh '${page.text}'`,
    );
    await one.remember();
  }, 900_000);
  afterAll(() => one?.server.remove());

  it(
    'is switched by the install script, with its settings, hotkey, users, lists and receipts, and its self-test passes',
    async () => {
      const said = await one.byScript();
      expect(said).toMatch(/ 0 FAIL$/m);
      expect(said).toContain('Password: unchanged');
      expect(said).toContain('watchtower of the old install (running) is removed');
      await one.expectKept();
      expect(await one.host.running()).toEqual(['app', 'db', 'pylon']);
      await one.logIn(8000, 'admin', async (panel) => {
        expect((await panel.get('session')).json).toMatchObject({ name: 'admin', role: 'operate' });
        expect((await panel.get('validators')).text).toContain(validator.address);
      });
      expect(await one.server.run('docker logs compute_horde_miner-miner-runner-1')).toMatch(
        /panel users +1 +0 +0\n.*settings +1 +0 +0\n.*validators +1 +0 +0\n.*receipts +3 +0 +0\n/s,
      );
      expect(await shown()).toContain(page.text);
    },
    long,
  );

  it(
    'says what has happened since, and is switched back by the compose file that was there: its database is as it was',
    async () => {
      await one.server.run(`${app} miner create_admin somebody`);
      const since = await one.server.run(`${app} miner changes_since_take_over`);
      expect(since).toMatch(
        /^Since .+, when take_over was first run here:\n.*Changed by operators:.*somebody/ms,
      );
      await one.back();
      expect(await shown()).toContain(page.text);
    },
    long,
  );

  it(
    'is switched by the name of the image, and what its own service has stored meanwhile is taken over, too',
    async () => {
      const database = await one.host.openDatabase();
      await database.addUser('later', djangoHash(password), { superuser: true });
      await database.stop();
      await one.note();
      await one.host.type('cp -p docker-compose.yml docker-compose.yml.before');
      await one.host.type('docker rm -f compute_horde_miner-watchtower-1');
      await one.host.type(
        `sed -i '/^  watchtower:/,$d; s|image: .*/compute-horde-miner-runner:.*|image: horde/miner-runner:latest|' docker-compose.yml`,
      );
      await one.host.type('docker compose up -d');
      await one.host.isSwitched();
      await one.expectKept();
      const admins = await one.server.run(`${app} miner list_admins`);
      for (const name of ['admin', 'somebody', 'later']) expect(admins).toContain(name);
      await one.logIn(8000, 'later', async (panel) =>
        expect((await panel.get('session')).json).toMatchObject({ name: 'later' }),
      );
      expect(await shown()).toContain(page.text);
    },
    long,
  );

  it(
    'has its service again after a restart of the runner, where `up --remove-orphans` has removed it',
    async () => {
      await one.host.type('docker compose up -d --remove-orphans');
      expect(await one.host.running()).toEqual([]);
      await one.host.type('docker compose restart');
      await one.host.isSwitched();
      expect(await one.host.running()).toEqual(['app', 'db', 'pylon']);
    },
    long,
  );

  it('is switched back once more', () => one.back(), long);
});

describe.runIf(whole)(`a validator’s host ${by}`, () => {
  const user = Keypair.generate().address;
  const cheater = Keypair.generate().address;
  const cycle = cycleOf(7_000_000, 12);
  let one: Switched;
  const app = 'docker exec compute_horde_validator-app-1';

  beforeAll(async () => {
    one = await Switched.make('validator', () => ({ FACILITATOR_URI: 'ws://127.0.0.1:9/ws/v0/' }));
    // The chain of one machine knows its hotkey alone.
    const signers: Signers = { validator: one.keypair, miner: Keypair.generate() };
    const database = await one.host.openDatabase();
    await database.makeTables('validator');
    await database.addUser('admin', djangoHash(password), { superuser: true });
    await database.sql.query('insert into validator_validatorwhitelist (hotkey) values ($1)', [user]);
    await database.sql.query('insert into validator_miner (hotkey) values ($1)', [cheater]);
    await database.sql.query(
      `insert into validator_minerblacklist (miner_id, reason) select id, 'MANUAL' from validator_miner`,
    );
    await database.sql.query(
      'insert into validator_weightsettingfinishedevent (block_from, block_to) values ($1, $2)',
      [cycle.start, cycle.end],
    );
    await database.addReceipts([started(signers), accepted(signers), finished(signers)], signers);
    await database.stop();
    await one.remember();
  }, 900_000);
  afterAll(() => one?.server.remove());

  it(
    'is switched by the install script, with its settings, hotkey, users, lists, cycles and receipts',
    async () => {
      const said = await one.byScript();
      expect(said).toContain('~/tmpvars: secrets that the old script left open to all are yours alone now');
      expect(await one.server.run('stat -c %a ~/tmpvars')).toBe('600\n');
      await one.expectKept();
      expect(await one.host.running()).toEqual(['app', 'db', 'pylon']);
      const log = await one.server.run('docker logs compute_horde_validator-validator-runner-1');
      expect(log).toMatch(
        /panel users +1 +0 +0\n.*whitelisted hotkeys +1 +0 +0\n.*blacklisted miners +1 +0 +0\n.*weighted cycles +1 +0 +0\n/s,
      );
      expect(log).toMatch(/receipts +3 +0 +0\n/);
      expect(log).toContain('That is taken over.');
      await one.logIn(80, 'admin', async (panel) => {
        expect((await panel.get('whitelist')).text).toContain(user);
        expect((await panel.get('blacklist')).text).toContain(cheater);
      });
    },
    long,
  );

  it(
    'says what has happened since, and is switched back by the compose file that was there: its database is as it was',
    async () => {
      await one.server.run(`${app} validator whitelist_hotkey ${cheater}`);
      const since = await one.server.run(`${app} validator changes_since_take_over`);
      expect(since).toContain(cheater);
      await one.back();
    },
    long,
  );
});

describe.runIf(whole)('a miner’s host that was made by hand, without COMPOSE_PROJECT_NAME', () => {
  let one: Switched;

  beforeAll(async () => {
    one = await Switched.make('miner', ofMiner, ComputeHordeHost.layOutByHand);
    const database = await one.host.openDatabase();
    await database.makeTables('miner');
    await database.addUser('admin', djangoHash(password), { superuser: true });
    await database.stop();
    await one.remember();
  }, 900_000);
  afterAll(() => one?.server.remove());

  it(
    'is switched under the project’s name that it has, and switched back',
    async () => {
      expect(await one.byScript()).toMatch(/ 0 FAIL$/m);
      await one.expectKept();
      expect(await one.host.settings()).not.toHaveProperty('COMPOSE_PROJECT_NAME');
      expect(await one.host.running()).toEqual(['app', 'db', 'pylon']);
      expect(await one.server.run('docker exec root-app-1 miner list_admins')).toContain('admin');
      await one.back();
    },
    long,
  );
});
