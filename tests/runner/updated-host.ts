import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@horde/testing/free-port';
import { ensureNodeImage } from '@horde/testing/node-image';
import Docker from 'dockerode';
import { pinnedCompose } from '../../tools/images/pinned-compose.ts';

const docker = new Docker();
const run = promisify(execFile);

/** A host's folder with what an operator has in it, and the project that is started there. */
export class UpdatedHost {
  readonly project = `horde-test-${randomBytes(4).toString('hex')}`;
  readonly runner = `${this.project}-facilitator-runner-1`;
  private readonly label = `com.docker.compose.project=${this.project}`;

  private constructor(readonly folder: string) {}

  /** @param more lines of `.env` @param socket of the engine */
  static async make(
    image: string,
    more: Record<string, string> = {},
    socket = '/var/run/docker.sock',
  ): Promise<UpdatedHost> {
    const one = new UpdatedHost(await mkdtemp(path.join(tmpdir(), 'horde-updated-')));
    const variables = {
      COMPOSE_PROJECT_NAME: one.project,
      BITTENSOR_NETUID: '12',
      BITTENSOR_NETWORK: 'finney',
      HTTP_PORT: String(await freePort()),
      HTTPS_PORT: String(await freePort()),
      UPDATE_EVERY_SECONDS: '1',
      UPDATE_READY_SECONDS: '60',
      UPDATE_WATCH_SECONDS: '5',
      ...more,
      RUNNER_IMAGE: `"${image}"`,
      AFTER: 'as it was',
    };
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(path.join(one.folder, '.env'), lines.join(''), { mode: 0o600 });
    const service = {
      image: '${RUNNER_IMAGE:?}',
      restart: 'unless-stopped',
      logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
      volumes: [`${socket}:/var/run/docker.sock`, './.env:/root/.env'],
    };
    const file = JSON.stringify({ services: { 'facilitator-runner': service } });
    await writeFile(path.join(one.folder, 'docker-compose.yml'), file);
    return one;
  }

  async compose(...words: string[]): Promise<void> {
    const program = path.join(pinnedCompose().folder, 'docker-compose');
    await run(program, ['--project-directory', this.folder, ...words], { cwd: this.folder });
  }

  /** Changes lines of `.env`, as an editor that writes into the file. */
  async set(changed: Record<string, string>): Promise<void> {
    let text = await this.env();
    for (const [name, value] of Object.entries(changed))
      text = `${text.replace(new RegExp(`^${name}=.*\n`, 'm'), '')}${name}=${value}
`;
    await writeFile(path.join(this.folder, '.env'), text);
  }

  env(): Promise<string> {
    return readFile(path.join(this.folder, '.env'), 'utf8');
  }

  async inspect(name: string): Promise<Docker.ContainerInspectInfo | null> {
    return docker
      .getContainer(name)
      .inspect()
      .catch(() => null);
  }

  /** Which release's service runs, and how. */
  async service(): Promise<{ version?: string; health?: string }> {
    const found = await this.inspect(`${this.project}-app-1`);
    return { version: found?.Config.Labels['version'], health: found?.State.Health?.Status };
  }

  async logs(name = this.runner): Promise<string> {
    return (await docker.getContainer(name).logs({ stdout: true, stderr: true })).toString();
  }

  async exec(...words: string[]): Promise<string> {
    const { stdout } = await run('docker', ['exec', this.runner, 'runner', ...words]);
    return stdout;
  }

  /** A file of a volume of the project. */
  async inVolume(volume: string, ...words: string[]): Promise<string> {
    const { stdout } = await run('docker', [
      'run',
      '--rm',
      '--network=none',
      '-v',
      `${this.project}_${volume}:/it`,
      await ensureNodeImage(docker),
      ...words,
    ]);
    return stdout;
  }

  async state<T>(): Promise<T> {
    return JSON.parse(await this.inVolume('runner', 'cat', '/it/release.json')) as T;
  }

  async names(): Promise<string[]> {
    const found = await docker.listContainers({ all: true, filters: { label: [this.label] } });
    return found
      .flatMap(({ Names }) => Names.map((name) => name.replace(`/${this.project}-`, '')))
      .toSorted();
  }

  async remove(): Promise<void> {
    const filters = { label: [this.label] };
    // The runner first, which would start the others again; and one may be on its way.
    for (let found; (found = await docker.listContainers({ all: true, filters })).length > 0;)
      for (const { Id } of found.toSorted((a) => (/runner|update/.test(a.Names[0] ?? '') ? -1 : 1)))
        await docker
          .getContainer(Id)
          .remove({ force: true })
          .catch(() => undefined);
    const { Volumes } = await docker.listVolumes({ filters });
    for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove();
    for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
    await rm(this.folder, { recursive: true });
  }
}
