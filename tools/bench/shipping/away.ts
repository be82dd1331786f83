import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHotkey, Keypair } from '@horde/identity';
import { ScriptedValidator as FacilitatorsValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { freePort } from '@horde/testing/free-port';
import { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { page, Watched, type Look } from '../../../tests/shipping/away.ts';
import type { NearServer } from '../../../tests/shipping/near-server.ts';
import { pushNextRelease } from '../../../tests/shipping/next-image.ts';
import type { ReleasePlace } from '../../../tests/shipping/release-place.ts';
import type { Server } from '../../../tests/install/server.ts';
import type { Figure } from '../figure.ts';

/** @unit s */
const bar = 3;
const wallets = '/root/.bittensor/wallets';

/** A service that runs on the server by its runner, and how it is looked at from outside. */
interface Running {
  role: 'miner' | 'validator' | 'facilitator';
  project: string;
  looks: Record<string, Look>;
}

/** How long each service is away while its runner goes from one release to the next, in which all code is another one. */
export async function awayFigures(near: NearServer, place: ReleasePlace): Promise<Figure[]> {
  const network = new Network(near, place);
  const found: Figure[] = [];
  for (const running of [await network.miner(), ...(await network.others())])
    for (const [look, away] of Object.entries(await network.awayWhileUpdated(running)))
      found.push({
        name: `${running.role} away in an update, by ${look}`,
        value: away / 1_000,
        unit: 's',
        bar,
        atLeast: false,
        note: 'a look every 50 ms from outside of its host',
      });
  return found;
}

/** The miner that was installed, and beside it a facilitator and a validator that know each other. */
class Network {
  private readonly server: Server;
  private readonly prefix: string;
  /** Somebody that both the miner and the facilitator let in. */
  private readonly guest = Keypair.generate();

  constructor(
    private readonly near: NearServer,
    private readonly place: ReleasePlace,
  ) {
    this.server = near.server;
    this.prefix = `${place.registryHost}/horde`;
  }

  async miner(): Promise<Running> {
    const { address } = this.server;
    const project = 'compute_horde_miner';
    await this.server.run(`docker exec ${project}-app-1 miner debug_add_validator ${this.guest.address}`);
    const hotkey = await this.server.run(
      `sed 's/.*"ss58Address": *"\\([^"]*\\)".*/\\1/' ${wallets}/mine/hotkeys/default | tr -d '\\n'`,
    );
    const guest = new ScriptedValidator(() => `ws://${address}:8000`, hotkey, this.guest);
    const looks = {
      readiness: page(`http://${address}:8000/health/ready`),
      'a new websocket': async () => (await guest.login()).connection.terminate(),
    };
    return { role: 'miner', project, looks };
  }

  async others(): Promise<Running[]> {
    const { address } = this.server;
    const folder = path.join(this.server.folder, 'wallets/other/hotkeys');
    mkdirSync(folder, { recursive: true });
    const { address: hotkey } = await createHotkey(path.join(folder, 'default'));
    await this.startChain(hotkey);
    const chain = {
      BITTENSOR_NETUID: '12',
      BITTENSOR_NETWORK: 'devnet',
      UPDATE_WATCH_SECONDS: '5',
      PYLON_ADDRESS: `http://${address}:8600`,
      PYLON_IDENTITY_TOKEN: 'token',
    };
    await this.start('facilitator', '/root/.env', { ...chain, HTTP_PORT: '9000' });
    await this.write(`${wallets}/other/hotkeys/default`, readFileSync(path.join(folder, 'default'), 'utf8'));
    await this.start('validator', '/root/validator/.env', {
      ...chain,
      HTTP_PORT: '8010',
      HOST_WALLET_DIR: wallets,
      BITTENSOR_WALLET_NAME: 'other',
      BITTENSOR_WALLET_HOTKEY_NAME: 'default',
      FACILITATOR_URI: `ws://${address}:9000/ws/v0/`,
    });
    const facilitator = `http://${address}:9000`;
    // The validator's port is for its own host.
    const port = await freePort();
    this.near.forward(port, 8010);
    return [
      {
        role: 'facilitator',
        project: 'facilitator',
        looks: {
          readiness: page(`${facilitator}/health/ready`),
          'a new websocket': async () => (await FacilitatorsValidator.logIn(facilitator, this.guest)).leave(),
        },
      },
      {
        role: 'validator',
        project: 'validator',
        looks: { readiness: page(`http://127.0.0.1:${port}/health/ready`) },
      },
    ];
  }

  /** Offers the next release, has the runner take it, and looks at the service meanwhile. @returns ms by look */
  async awayWhileUpdated({ role, project, looks }: Running): Promise<Record<string, number>> {
    const { list } = this.place;
    const next = await pushNextRelease(this.prefix, role, list, {
      recipe: ['USER 0:0', "RUN for file in /app/*.mjs; do echo '//' >>$file; done", 'USER 1000:1000'],
    });
    const others = list.images.filter(({ name }) => next.every((image) => image.name !== name));
    this.place.publish({ images: [...others, ...next] });
    const watched = Object.entries(looks).map(([name, look]) => [name, new Watched(look)] as const);
    await this.server.run(`docker exec ${project}-${role}-runner-1 runner update`);
    // Its container removes itself at the end.
    await this.server.run(`timeout 300 docker wait ${project}-update-1 || true`);
    await this.ready(project, next[0]!.id);
    return Object.fromEntries(
      await Promise.all(watched.map(async ([name, one]) => [name, await one.longestAway()] as const)),
    );
  }

  private async startChain(validator: string): Promise<void> {
    const { digest } = this.place.list.images.find(({ name }) => name === 'devnet')!;
    const takesPart = { stake: 10_000, validator_permit: true };
    const identity = { hotkey: validator, token: 'token' };
    const subnet = {
      neurons: { [validator]: takesPart, [this.guest.address]: takesPart },
      identities: { validator: identity, miner: identity },
    };
    await this.write('/root/subnet.json', JSON.stringify(subnet), 644);
    const settings = 'DEVNET_HOST=0.0.0.0 DEVNET_STATE_FILE=/tmp/devnet.json DEVNET_SUBNET_FILE=/subnet.json';
    const options = settings.split(' ').map((one) => `-e ${one}`);
    await this.server.run(
      `docker run -d --restart always -p 8600:8600 -v /root/subnet.json:/subnet.json:ro ${options.join(' ')} ${this.prefix}/devnet@${digest}`,
    );
  }

  /** As an operator does by hand. */
  private async start(
    role: 'validator' | 'facilitator',
    envFile: string,
    variables: Record<string, string>,
  ): Promise<void> {
    const { digest } = this.place.list.images.find(({ name }) => name === `${role}-runner`)!;
    const lines = Object.entries({ ...variables, RUNNER_IMAGE: `${this.prefix}/${role}-runner@${digest}` });
    const volumes = [
      '/var/run/docker.sock:/var/run/docker.sock',
      `${wallets}:/root/.bittensor/wallets`,
      `./.env:${envFile}`,
    ];
    const service = {
      image: '${RUNNER_IMAGE:?}',
      restart: 'unless-stopped',
      volumes,
      logging: { driver: 'json-file', options: { 'max-size': '10m' } },
    };
    await this.server.run(`mkdir -p ~/${role}`);
    await this.write(`/root/${role}/.env`, lines.map(([name, value]) => `${name}=${value}\n`).join(''));
    await this.write(
      `/root/${role}/docker-compose.yml`,
      JSON.stringify({ services: { [`${role}-runner`]: service } }),
    );
    await this.server.run(`cd ~/${role} && docker compose up -d`);
    await this.ready(role);
  }

  /** Until the service is healthy; of an image, where that is named. */
  private async ready(project: string, image = ''): Promise<void> {
    const format = '{{.Image}} {{.State.Health.Status}}';
    for (const end = performance.now() + 120_000; ; await sleep(1_000)) {
      const state = await this.server
        .run(`docker inspect -f '${format}' ${project}-app-1 2>/dev/null || true`)
        .then((said) => said.trim());
      if (state.startsWith(image) && state.endsWith(' healthy')) return;
      if (performance.now() > end)
        throw new Error(
          `${project}-app-1 is ${state}:\n${await this.server.run(`docker logs --tail 40 ${project}-app-1`)}`,
        );
    }
  }

  private async write(file: string, text: string, mode = 600): Promise<void> {
    const bytes = Buffer.from(text).toString('base64');
    await this.server.run(
      `mkdir -p $(dirname ${file}) && echo ${bytes} | base64 -d >${file} && chmod ${mode} ${file}`,
    );
  }
}
