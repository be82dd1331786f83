import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { bridgeGateway } from '@horde/executor-manager';
import { ensureHotkey } from '@horde/identity';
import { freePort } from '@horde/testing/free-port';
import { root, type Finished } from '@horde/testing/horde';
import Docker from 'dockerode';
import { expect, vi } from 'vitest';
import { pinnedCompose } from '../../tools/images/pinned-compose.ts';

const docker = new Docker();
const run = promisify(execFile);

/** Until a service is ready, and until a runner has said something. */
export const patience = { timeout: 240_000, interval: 1_000 };

/** A host's folder with what an operator has in it, and the project that is started there. */
export class Installation {
  readonly project = `horde-test-${randomBytes(4).toString('hex')}`;

  private constructor(
    readonly name: 'miner' | 'validator' | 'facilitator',
    readonly folder: string,
    readonly port: number,
    /** The address of this host for all its containers. */
    private readonly bridge: string,
    /** A facilitator's port where it would be served encrypted. */
    readonly encryptedPort: number,
    /** The address of its hotkey; a facilitator has none. */
    readonly hotkey: string,
  ) {}

  /** @param image of the runner; a facilitator's is named in `.env`, as its guide has it */
  static async make(
    name: Installation['name'],
    image = `horde/${name}-runner:latest`,
  ): Promise<Installation> {
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-runner-'));
    const { address } = await ensureHotkey(path.join(folder, 'wallets/own wallet/hotkeys/default'));
    const bridge = await bridgeGateway(docker);
    const one = new Installation(name, folder, await freePort(), bridge, await freePort(), address);
    await one.write({ RUNNER_IMAGE: image });
    const inside = name === 'validator' ? '/root/validator/.env' : '/root/.env';
    const service = {
      image: name === 'facilitator' ? '${RUNNER_IMAGE}' : image,
      restart: 'unless-stopped',
      logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
      volumes: [
        '/var/run/docker.sock:/var/run/docker.sock',
        ...(name === 'facilitator' ? [] : [`${folder}/wallets:/root/.bittensor/wallets`]),
        `./.env:${inside}`,
      ],
    };
    await writeFile(
      path.join(folder, 'docker-compose.yml'),
      JSON.stringify({ services: { [`${name}-runner`]: service } }),
    );
    await one.bringDocker();
    return one;
  }

  async write(changed: Record<string, string>): Promise<void> {
    const wallet = {
      BITTENSOR_WALLET_NAME: '"own wallet"',
      BITTENSOR_WALLET_HOTKEY_NAME: 'default',
      HOST_WALLET_DIR: `${this.folder}/wallets`,
    };
    const variables = {
      SECRET_KEY: 'secret-of-the-web',
      POSTGRES_PASSWORD: 'of-the-old-database',
      BITTENSOR_NETUID: '12',
      BITTENSOR_NETWORK: 'devnet',
      COMPOSE_PROJECT_NAME: this.project,
      DEFAULT_ADMIN_PASSWORD: 'correct-horse-battery',
      DEFAULT_EXECUTOR_CLASS: '',
      MIGRATING: '"0"',
      UNKNOWN_TO_ALL: 'x',
      ...{
        miner: {
          ...wallet,
          BITTENSOR_MINER_PORT: String(this.port),
          PORT_FOR_EXECUTORS: String(this.port),
          BITTENSOR_MINER_ADDRESS: this.bridge,
          ADDRESS_FOR_EXECUTORS: '172.17.0.1',
          DEBUG_NO_GPU_MODE: '1',
        },
        validator: { ...wallet, HTTP_PORT: String(this.port), FACILITATOR_URI: 'ws://127.0.0.1:9/ws/v0/' },
        facilitator: { HTTP_PORT: String(this.port), HTTPS_PORT: String(this.encryptedPort) },
      }[this.name],
      ...changed,
    };
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(path.join(this.folder, '.env'), lines.join(''), { mode: 0o600 });
  }

  async compose(...words: string[]): Promise<void> {
    const file = path.join(this.folder, 'docker-compose.yml');
    await run('./horde', ['compose', '--file', file, '--project-name', this.project, ...words], {
      cwd: root,
    });
  }

  /**
   * Types a line of a shell in the folder of docker-compose.yml, as an operator does: `PROJECT` stands for the project, and there
   * is `docker compose`, whichever Docker this machine has.
   *
   * @param variables what the line's other variables stand for
   */
  async type(line: string, variables: Record<string, string> = {}): Promise<Finished> {
    const child = spawn('bash', ['-c', line.replaceAll('PROJECT', this.project)], {
      cwd: this.folder,
      env: { ...process.env, ...variables, PATH: `${this.folder}/bin:${process.env['PATH']}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    return { code, stdout, stderr };
  }

  container(service: string): Docker.Container {
    return docker.getContainer(`${this.project}-${service}-1`);
  }

  inspect(service: string): Promise<Docker.ContainerInspectInfo> {
    return this.container(service).inspect();
  }

  async said(): Promise<string> {
    const { stdout } = await run('docker', ['logs', `${this.project}-${this.name}-runner-1`]);
    return stdout;
  }

  /** Until the runner has started the service, since it was started itself. */
  started(): Promise<void> {
    return vi.waitFor(async () => {
      const { State } = await this.inspect(`${this.name}-runner`);
      const { stdout } = await this.type(
        `docker logs --since ${State.StartedAt} PROJECT-${this.name}-runner-1`,
      );
      expect(stdout).toContain('has been started');
    }, patience);
  }

  /** A validator without a facilitator is not ready, and serves its panel. */
  ready(): Promise<void> {
    return vi.waitFor(async () => {
      if (this.name === 'validator')
        expect((await fetch(`http://127.0.0.1:${this.port}/health/live`)).status).toBe(200);
      else expect((await this.inspect('app')).State.Health?.Status).toBe('healthy');
    }, patience);
  }

  async remove(): Promise<void> {
    await this.compose('down', '--remove-orphans', '--timeout', '20');
    const filters = { label: [`com.docker.compose.project=${this.project}`] };
    const { Volumes } = await docker.listVolumes({ filters });
    for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove();
    for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
    await rm(this.folder, { recursive: true });
  }

  /** Docker of this machine, with the Compose that the runner has. */
  private async bringDocker(): Promise<void> {
    const file = path.join(this.folder, 'bin/docker');
    await mkdir(path.dirname(file));
    const compose = path.join(pinnedCompose().folder, 'docker-compose');
    const { stdout } = await run('sh', ['-c', 'command -v docker']);
    await writeFile(
      file,
      `#!/bin/sh\nif [ "$1" = compose ]; then shift; exec ${compose} "$@"; fi\nexec ${stdout.trim()} "$@"\n`,
    );
    await chmod(file, 0o755);
  }
}
