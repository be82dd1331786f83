import { createHmac } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PendingMigration } from '@horde/database';
import { fileEnd } from '@horde/settings';
import { Compose, withoutClearing } from './compose.ts';
import type { Plan } from './plan.ts';
import { OnItsWay } from './on-its-way.ts';
import type { Prepared } from './prepare.ts';

/** Where the runner's image has its files. */
export const homeFolder = '/app';
/** Where it writes what nobody else reads. */
export const workFolder = '/run/horde';

type Variables = Record<string, string>;

interface Places {
  /** Where the compose files are. */
  home: string;
  /** Where what is made of `.env` is written: a command that runs beside the runner has one of its own. */
  folder: string;
  /** Compose. @default docker-compose, on the path */
  program?: string;
}

/** How often what ComputeHorde's service has stored is looked at until all of it could be: Pylon may still be starting. */
const takeOverRuns = 4;
/** Between two of these. @unit ms */
const takeOverPause = 10_000;

/** Of a container that does one thing, and is gone afterwards. */
const once = ['run', '--no-deps', '--no-TTY'];

/** The project that the runner starts: the file in its image, and beside it what only `.env` can say. */
export class Project {
  private readonly places: Places;

  constructor(
    private readonly plan: Plan,
    /** What the files' `${…}` stand for that `.env` does not say. */
    private readonly filled: Variables,
    places: Partial<Places> = {},
  ) {
    this.places = { home: homeFolder, folder: workFolder, ...places };
  }

  /** Runs the container that sees the volumes and the wallets. @throws SettingsError where something is wrong there */
  async prepared(): Promise<Prepared | { wrong: string }> {
    const names = ['BITTENSOR_WALLET_NAME', 'BITTENSOR_WALLET_HOTKEY_NAME'].map(
      (name) => this.plan.app[name],
    );
    const words = names.flatMap((name) => (name === undefined ? [] : [name]));
    if (words.length > 0 && !this.plan.needsHotkey) words.push('optional');
    return JSON.parse(await this.prepare('prepare', ...words)) as Prepared | { wrong: string };
  }

  /** Runs a command of the container that sees the volumes. @returns what it writes @throws ComposeFailed */
  prepare(...words: string[]): Promise<string> {
    const compose = this.compose(this.files(), unknownYet);
    return compose.run(...once, 'prepare', ...words);
  }

  /**
   * Starts what does not run yet, and anew what is other than it was.
   *
   * @returns when all have started
   * @throws OnItsWay where another host may have the same hotkey's service
   */
  async start(prepared: Prepared): Promise<void> {
    const { move } = prepared.release;
    if (move !== null && move.stage !== 'arrived') throw new OnItsWay(this.plan, move);
    const compose = await this.whole(prepared);
    const up = ['up', '--detach', '--no-build'];
    await compose.run(...up, '--wait', 'db');
    // Between the end of a service and its start anew Compose would look again whether the database is healthy, which is
    // half a second that the service is away.
    const scale = this.plan.ownPylon ? [] : ['--scale', 'pylon=0'];
    await compose.run(...up, '--no-deps', ...scale, 'pylon', 'app');
  }

  /** What is asked of the engine, as Compose has understood it: JSON. */
  async described(prepared: Prepared): Promise<string> {
    const compose = await this.whole(prepared);
    return compose.run('--profile', 'prepare', 'config', '--format', 'json');
  }

  /**
   * Has the service take over what is in a volume of ComputeHorde's, read by the image that it is of; what it says of that is
   * written here.
   *
   * @returns whether all was, which is noted then
   * @throws ComposeFailed where nothing could be read
   */
  async takeOver(prepared: Prepared, { image, volume }: { image: string; volume: string }): Promise<boolean> {
    const variables = { OLD_DB_IMAGE: image, OLD_DB_VOLUME: volume };
    const compose = await this.whole(prepared, ['take-over.yml'], variables);
    // Where it was taken over before, and is again: a run that is killed has to be gone on with.
    if (prepared.takenOver) await this.prepare('forget-take-over');
    const up = ['up', '--detach', '--no-build'];
    const words = ['take_over', 'postgres:///postgres?host=/run/old-db&user=postgres'];
    let isDone = false;
    try {
      await compose.run(...up, '--wait', 'db', 'old-db');
      // The chain is asked whose receipts count.
      if (this.plan.ownPylon) await compose.run(...up, '--no-deps', 'pylon');
      for (let left = takeOverRuns; !isDone && left > 0; left--) {
        if (left < takeOverRuns) await sleep(takeOverPause);
        isDone = (await compose.tell(...once, 'app', ...words)) === 0;
      }
    } finally {
      await compose.run('rm', '--stop', '--force', 'old-db');
    }
    if (isDone) await this.prepare('note-take-over');
    return isDone;
  }

  /** What the service's tables lack of this release. @throws ComposeFailed */
  async pendingMigrations(prepared: Prepared): Promise<PendingMigration[]> {
    const written = await this.beside(prepared, 'migrate_database', '--list');
    const lines = written.split('\n').filter((line) => line !== '');
    return lines.map((line) => {
      const [name = '', ...words] = line.trim().split(' ');
      return { name, contracts: words.includes('contracts'), afterSwitch: words.includes('after-switch') };
    });
  }

  /** Brings the tables to where the release that runs can still live with them. @throws ComposeFailed */
  async migrate(prepared: Prepared): Promise<void> {
    await this.beside(prepared, 'migrate_database', '--expand');
  }

  /**
   * Writes a backup into a volume of its own, encrypted for BACKUP_KEYS, or else for a key that is kept beside it there.
   *
   * @param keys for whom, instead
   * @returns where it is, for people
   * @throws ComposeFailed
   */
  async backUp(prepared: Prepared, file: string, keys = this.plan.app['BACKUP_KEYS']): Promise<string> {
    const compose = await this.withBackups(prepared);
    const own = await this.backupKey(prepared, keys === undefined);
    const words = ['--env', `BACKUP_KEYS=${keys ?? own}`, 'app', 'back_up', '--output', `/backups/${file}`];
    await compose.run(...once, ...words);
    return `${file} in the volume ${this.plan.project}_backups`;
  }

  /**
   * Lets the service write into the volume of backups.
   *
   * @param isMade whether a key is made there, where there is none yet
   * @returns whom backups are encrypted for that the key in it decrypts
   * @throws ComposeFailed
   */
  async backupKey(prepared: Prepared, isMade = true): Promise<string | undefined> {
    const compose = await this.withBackups(prepared);
    const recipient = (said: string) => /age1[0-9a-z]{58}/.exec(said)?.[0];
    const known = recipient(await compose.run(...once, 'prepare', 'give-backups', prepared.owner));
    if (known !== undefined || !isMade) return known;
    return recipient(await compose.run(...once, 'app', 'make_backup_key', '/backups/key'));
  }

  /**
   * Ends all, and writes here what the service has, as a backup.
   *
   * @param file what it is called in the volume of backups
   * @param key whom it is encrypted for
   * @returns the exit code
   * @throws ComposeFailed
   */
  async handOver(prepared: Prepared, file: string, key: string): Promise<number | null> {
    const compose = await this.withBackups(prepared);
    await compose.run('rm', '--stop', '--force', 'app', 'pylon');
    await compose.run('up', '--detach', '--no-build', '--wait', 'db');
    await this.backUp(prepared, file, key);
    await this.removeContainers(prepared);
    return compose.tell(...once, 'prepare', 'give-out', file);
  }

  /**
   * Puts into the database what another host has handed over, which this process is given to read, in the place of what is there.
   *
   * @returns the exit code
   * @throws ComposeFailed
   */
  async takeIn(prepared: Prepared): Promise<number | null> {
    const compose = await this.withBackups(prepared);
    const file = 'handed-over.age';
    const taken = await compose.passOn(...once, 'prepare', 'take', file, prepared.owner);
    if (taken !== 0) return taken;
    const restored = await this.restoreBackup(prepared, file);
    if (restored !== 0 || this.plan.filled['SERVICE'] !== 'miner') return restored;
    // Their pages are on the other host.
    return compose.tell(...once, 'app', 'prepare_receipts');
  }

  /**
   * Puts a backup of the volume, for the key beside it, into the database in the place of what is there.
   *
   * @returns the exit code
   * @throws ComposeFailed where the database does not start
   */
  async restoreBackup(prepared: Prepared, file: string): Promise<number | null> {
    const compose = await this.withBackups(prepared);
    await compose.run('up', '--detach', '--no-build', '--wait', 'db');
    return compose.tell(...once, 'app', 'restore', `/backups/${file}`, '--key', '/backups/key', '--replace');
  }

  /** Ends the database and removes its container. Its volume stays. */
  async removeDatabase(prepared: Prepared): Promise<void> {
    await (await this.whole(prepared)).run('rm', '--stop', '--force', 'db');
  }

  /** Has a miner that runs take no new jobs, and waits for those that run; what it says is written to standard error. @returns the exit code */
  async drain(prepared: Prepared): Promise<number | null> {
    const compose = await this.whole(prepared);
    return compose.tellAside('exec', '--no-TTY', 'app', 'miner', 'drain');
  }

  private withBackups(prepared: Prepared): Promise<Compose> {
    return this.whole(prepared, ['update.yml']);
  }

  /** A command of the service's image, beside the service. @returns what it writes */
  private async beside(prepared: Prepared, ...words: string[]): Promise<string> {
    const compose = await this.whole(prepared);
    return compose.run(...once, 'app', ...words);
  }

  /** Writes here what the services print from now on. @returns when there is none left that does */
  async follow(prepared: Prepared, since: string): Promise<void> {
    const compose = await this.whole(prepared);
    await compose.show('logs', '--follow', '--no-color', '--since', since);
  }

  /**
   * Has the service write its bundle for those who are to help, to standard output, with the last lines of all services.
   *
   * @param more further lines of a log
   * @returns the exit code
   */
  async supportBundle(prepared: Prepared, more: string): Promise<number> {
    const compose = await this.whole(prepared);
    const lines = await compose.run('logs', '--no-color', '--tail', '5000').catch(() => '');
    const words = ['support_bundle', '--log', '-', '--lines', '100000', '--output', '-'];
    const log = `${withoutClearing(lines)}\n${more}`;
    // In its own container, where it runs: there the service answers for itself.
    const running = await compose.run('ps', '--quiet', '--status', 'running', 'app').catch(() => '');
    if (running.trim() !== '') {
      const status = await compose.feed(
        log,
        'exec',
        '--no-TTY',
        'app',
        this.plan.filled['SERVICE']!,
        ...words,
      );
      if (status === 0) return 0;
    }
    return (await compose.feed(log, ...once, 'app', ...words)) ?? 1;
  }

  /**
   * Runs a command of the service beside its database; what it says is written here.
   *
   * @returns its exit code
   * @throws ComposeFailed where the database does not start
   */
  async command(prepared: Prepared, ...words: string[]): Promise<number | null> {
    const compose = await this.whole(prepared);
    await compose.run('up', '--detach', '--no-build', '--wait', 'db');
    return compose.tell(...once, 'app', ...words);
  }

  /** Ends the service; `start` starts it again. */
  async stopService(prepared: Prepared): Promise<void> {
    await (await this.whole(prepared)).run('stop', 'app');
  }

  /** Ends and removes all containers. Their volumes stay. */
  async removeContainers(prepared: Prepared): Promise<void> {
    await (await this.whole(prepared)).run('rm', '--stop', '--force', 'app', 'db', 'pylon');
  }

  private async whole(
    { secrets, owner, hotkey }: Prepared,
    more: string[] = [],
    variables: Variables = {},
  ): Promise<Compose> {
    const file = path.join(this.places.folder, 'environment.json');
    await mkdir(this.places.folder, { recursive: true, mode: 0o700 });
    const { PYLON_IDENTITY_TOKEN, PYLON_OPEN_ACCESS_TOKEN } = this.plan.app;
    const token = PYLON_IDENTITY_TOKEN ?? PYLON_OPEN_ACCESS_TOKEN ?? secrets.pylon;
    const ofService = this.secretsOf(secrets, token);
    await writeFile(file, JSON.stringify(this.ofEnvFile(ofService, secrets)), { mode: 0o600 });
    await chmod(file, 0o600);
    const further = more.map((name) => path.join(this.places.home, name));
    return this.compose([...this.files(), file, ...further], {
      ...variables,
      ...Object.fromEntries(Object.entries(ofService).map(([name, value]) => [sourceOf(name), value])),
      APP_USER: owner,
      POSTGRES_PASSWORD: secrets.postgres,
      DATABASE_PASSWORD: secrets.database,
      PYLON_TOKEN: token,
      DEVNET_SUBNET: this.plan.devnet ? this.devnetSubnet(hotkey, token) : '',
    });
  }

  /** What the service is given that nobody may see who asks the engine: its own of `.env`, and what was made here. */
  private secretsOf({ database, secretKey }: Prepared['secrets'], token: string): Variables {
    const { app, secrets } = this.plan;
    const service = this.plan.filled['SERVICE']!;
    const made: Variables = {
      DATABASE_URL: `postgres://${service}:${database}@db:5432/postgres`,
      SECRET_KEY: secretKey,
      PYLON_IDENTITY_TOKEN: token,
      PYLON_OPEN_ACCESS_TOKEN: token,
    };
    const all = secrets.map((name) => [name, app[name] ?? made[name]]);
    return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Variables;
  }

  /** What a compose file cannot say before `.env` has been read: as a further one. */
  private ofEnvFile(secrets: Variables, { postgres }: Prepared['secrets']): object {
    const { app, pylon, folders } = this.plan;
    const open = Object.entries(app).filter(([name]) => !(name in secrets));
    const files = Object.keys(secrets).map((name) => [`${name}${fileEnd}`, `/run/secrets/${name}`]);
    // A container is made anew where its description has changed, in which no secret is.
    const changes = createHmac('sha256', postgres).update(JSON.stringify(secrets)).digest('hex');
    const volumes = Object.entries(folders).map(([source, target]) => ({
      type: 'bind',
      source: asWritten(source),
      target,
    }));
    return {
      services: {
        app: {
          environment: { ...written(Object.fromEntries(open)), ...Object.fromEntries(files) },
          secrets: Object.keys(secrets),
          labels: { 'horde.secrets': changes },
          ...(volumes.length > 0 && { volumes }),
        },
        pylon: { environment: written(pylon) },
      },
      secrets: Object.fromEntries(
        Object.keys(secrets).map((name) => [name, { environment: sourceOf(name) }]),
      ),
    };
  }

  /** Who takes part in the chain of one machine. @throws Error where the hotkey's file does not tell its address */
  private devnetSubnet(hotkey: string | null, token: string): string {
    const hasWallet = this.plan.app['BITTENSOR_WALLET_NAME'] !== undefined;
    if (!hasWallet || (hotkey === null && !this.plan.needsHotkey))
      return JSON.stringify({ neurons: {}, identities: {} });
    if (hotkey === null)
      throw new Error('On the devnet a hotkey is used that is not encrypted: its file tells the address.');
    const identity = { hotkey, token };
    return JSON.stringify({
      neurons: { [hotkey]: { stake: 10_000, validator_permit: true } },
      identities: { miner: identity, validator: identity },
    });
  }

  private files(): string[] {
    const names = this.plan.devnet ? ['docker-compose.yml', 'devnet.yml'] : ['docker-compose.yml'];
    return names.map((name) => path.join(this.places.home, name));
  }

  private compose(files: string[], more: Variables): Compose {
    const { project, filled, walletFolder } = this.plan;
    return new Compose({
      project,
      files,
      program: this.places.program,
      variables: {
        ...filled,
        ...names(this.plan.app),
        HOST_WALLET_DIR: walletFolder,
        ...this.filled,
        ...more,
      },
    });
  }
}

/** What Compose alone finds the value of a secret by. */
const sourceOf = (name: string): string => `SECRET_OF_${name}`;

const names = (app: Variables): Variables =>
  Object.fromEntries(
    ['BITTENSOR_WALLET_NAME', 'BITTENSOR_WALLET_HOTKEY_NAME'].map((name) => [name, app[name] ?? '']),
  );

/** The file has to be whole for the container that finds them out. */
const unknownYet = {
  APP_USER: '0:0',
  POSTGRES_PASSWORD: '',
  DATABASE_PASSWORD: '',
  PYLON_TOKEN: '',
  DEVNET_SUBNET: '',
};

/** In a compose file a dollar is written twice. */
const asWritten = (value: string): string => value.replaceAll('$', '$$$$');
const written = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, asWritten(value)]));
