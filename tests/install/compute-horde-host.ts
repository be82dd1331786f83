import { readFileSync } from 'node:fs';
import path from 'node:path';
import { OldDatabase } from '@horde/testing/compute-horde/old-database';
import { expect, vi } from 'vitest';
import { bringComputeHordeImages, loginPage, type Inner, type Role } from './compute-horde-images.ts';
import type { Server } from './server.ts';

/** A checkout of ComputeHorde's repository, whose own scripts then lay the host out. */
export const reference = process.env['REFERENCE_DIR'];

/** Until services are there. */
const patience = { timeout: 240_000, interval: 1_000 };

/** The services of the runner's compose file, as ComputeHorde's names them. */
const services: Record<Role, string[]> = {
  miner: 'redis db pylon app celery-worker celery-beat nginx docuum'.split(' '),
  validator:
    'redis db pylon app celery-worker celery-worker-weights celery-worker-jobs celery-worker-llm celery-worker-metagraph celery-worker-organic-jobs cadvisor node-exporter prometheus prometheus-proxy celery-flower celery-beat connect-facilitator transfer-receipts nginx autoheal'.split(
      ' ',
    ),
};

/** What ComputeHorde's script fetches or asks systemd for, which is not there: nothing comes of it, and all of it ends well. */
const standIns = {
  'apt-get': '',
  systemctl: '',
  'nvidia-ctk': '',
  curl: 'while [ $# -gt 0 ]; do [ "$1" != -o ] || : >"$2"; shift; done',
  wget: ': >"${1##*/}"',
  gpg: 'cat >/dev/null',
  dpkg: '[ "$1" = -i ] || exec /usr/bin/dpkg "$@"',
  python3: "head -c 24 /dev/urandom | base64 | tr '+/' '-_'",
  docker: '[ "$1" != pull ] || exec /usr/bin/docker image inspect -f "" "$2"\nexec /usr/bin/docker "$@"',
};

/** A host that runs ComputeHorde's own service: its layout is real, and what runs in the containers, but for the database, plays it. */
export class ComputeHordeHost {
  readonly folder: string;
  /** The container of the runner, ComputeHorde's and ours. */
  readonly runner: string;

  private constructor(
    readonly server: Server,
    readonly role: Role,
    /** That of what the runner starts. */
    readonly project: string,
  ) {
    this.folder = `/root/compute_horde_${role}`;
    this.runner = `compute_horde_${role}-${role}-runner-1`;
  }

  /**
   * Has ComputeHorde's script install a role on a server with Docker, from its checkout where there is one; else what it leaves
   * there is written down here.
   *
   * @param hotkey the file on the operator's machine
   */
  static async layOut(server: Server, role: Role, hotkey: string): Promise<ComputeHordeHost> {
    const host = new ComputeHordeHost(server, role, `compute_horde_${role}`);
    await bringComputeHordeImages(server, role, reference ? innerOf(reference, role) : ownInner(role));
    if (reference) await host.typeScriptOf(reference, hotkey);
    else await host.write(hotkey, [`COMPOSE_PROJECT_NAME=${host.project}`]);
    await host.works();
    return host;
  }

  /** The same without COMPOSE_PROJECT_NAME, as by ComputeHorde's guide: the runner's folder names the project. */
  static async layOutByHand(server: Server, role: Role, hotkey: string): Promise<ComputeHordeHost> {
    const host = new ComputeHordeHost(server, role, role === 'miner' ? 'root' : role);
    await bringComputeHordeImages(server, role, ownInner(role));
    await host.write(hotkey);
    await host.works();
    return host;
  }

  /** Until its service answers as it did, and its runner follows what all print: were one not healthy, it would begin anew. */
  works(): Promise<void> {
    return vi.waitFor(async () => {
      expect(await this.server.run(`docker top ${this.runner}`)).toContain('logs -f');
      const asked = `docker exec ${this.project}-nginx-1 wget -qO- 127.0.0.1:80/admin/login/`;
      expect(await this.server.run(asked)).toBe(loginPage);
      expect(await this.running()).toEqual(services[this.role].toSorted());
      await this.server.run(`docker exec ${this.project}-db-1 pg_isready -U postgres`);
    }, patience);
  }

  /** Until our runner says that it has started the service, and that answers. */
  async isSwitched(): Promise<void> {
    const { project, role, server, runner } = this;
    await vi.waitFor(async () => {
      const said = await server.run(
        `docker logs --since "$(docker inspect -f '{{.State.StartedAt}}' ${runner})" ${runner} 2>&1`,
      );
      expect(said).toContain(`The ${role} has been started`);
    }, patience);
    const ask = `docker exec ${project}-app-1 ${role} list_admins`;
    await vi.waitFor(() => server.run(ask), patience);
  }

  /** The services of the project that run, without the runner, its watchtower and what does one thing and is gone. */
  async running(): Promise<string[]> {
    const listed = await this.server.run(
      `docker ps --filter label=com.docker.compose.project=${this.project} --filter label=com.docker.compose.oneoff=False --format '{{.Label "com.docker.compose.service"}}'`,
    );
    const outer = new Set([`${this.role}-runner`, 'watchtower', '']);
    return listed
      .split('\n')
      .filter((name) => !outer.has(name))
      .toSorted();
  }

  /** The values of `.env`. */
  async settings(): Promise<Record<string, string>> {
    const text = await this.server.run(`cat ${this.folder}/.env`);
    return Object.fromEntries(
      [...text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)].map(([, key, value]) => [key!, value!]),
    );
  }

  /** What its database has, while that runs. */
  async openDatabase(): Promise<OldDatabase> {
    const { POSTGRES_PASSWORD: password = '' } = await this.settings();
    const address = await this.server.run(
      `docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' ${this.project}-db-1`,
    );
    const { port, close } = await this.server.tunnel(`${address.trim()}:5432`);
    const url = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
    return vi.waitFor(() => OldDatabase.at({ url, stop: close }), { timeout: 30_000, interval: 500 });
  }

  /** Types a line in the folder of docker-compose.yml. @returns what it says */
  type(line: string): Promise<string> {
    return this.server.run(`cd ${this.folder} && ${line}`);
  }

  private async typeScriptOf(checkout: string, hotkey: string): Promise<void> {
    const { server, role } = this;
    const places = Object.entries(standIns).map(([name, text]) => {
      const file = `/usr/local/bin/${name}`;
      return { file, write: `printf '#!/bin/sh\\n%s\\n' ${quoted(text)} >${file} && chmod 755 ${file}` };
    });
    await server.run(places.map(({ write }) => write).join(' && '));
    const own = server.scripts;
    server.scripts = path.resolve(checkout);
    const words = role === 'miner' ? ['production', 'server', hotkey] : ['server', hotkey];
    const asked = ['TRUSTED_MINER_ADDRESS', 'TRUSTED_MINER_PORT', 'S3_BUCKET_NAME_PROMPTS'];
    const secrets = ['S3_BUCKET_NAME_ANSWERS', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
    const { code, stderr } = await server.install(role, words, {
      ...Object.fromEntries([...asked, ...secrets].map((name) => [name, ''])),
      AWS_SECRET_ACCESS_KEY: 'secret-of-aws',
    });
    server.scripts = own;
    expect(code, stderr).toBe(0);
    await server.run(`rm ${places.map(({ file }) => file).join(' ')}`);
  }

  /** As its script leaves it. */
  private async write(hotkey: string, more: string[] = []): Promise<void> {
    const { server, role, folder } = this;
    const isMiner = role === 'miner';
    const wallet = path.dirname(path.dirname(hotkey));
    const there = '/root/.bittensor/wallets/mine';
    const secret = '$(head -c 24 /dev/urandom | base64 | tr +/ -_)';
    const settings = [
      `SECRET_KEY=${secret}`,
      `POSTGRES_PASSWORD=${secret}`,
      'BITTENSOR_NETUID=12',
      '',
      '# of the chain',
      'BITTENSOR_NETWORK=finney',
      'BITTENSOR_WALLET_NAME="mine"',
      'BITTENSOR_WALLET_HOTKEY_NAME="default"',
      'HOST_WALLET_DIR=/root/.bittensor/wallets',
      ...more,
      'MIGRATING="0"',
      ...(isMiner
        ? [
            'BITTENSOR_MINER_PORT=8000',
            'BITTENSOR_MINER_ADDRESS=auto',
            'DEFAULT_EXECUTOR_CLASS=',
            'PORT_FOR_EXECUTORS=8000',
            'ADDRESS_FOR_EXECUTORS=172.17.0.1',
            `DEFAULT_ADMIN_PASSWORD="${secret}"`,
          ]
        : [
            'FACILITATOR_URI=wss://facilitator.computehorde.io/ws/v0/',
            'TRUSTED_MINER_ADDRESS=',
            'TRUSTED_MINER_PORT=',
            'AWS_SECRET_ACCESS_KEY=secret-of-aws',
          ]),
    ];
    const socket = '/var/run/docker.sock:/var/run/docker.sock';
    const compose = `services:
  ${role}-runner:
    image: backenddevelopersltd/compute-horde-${role}-runner:v0-latest
    restart: unless-stopped
    volumes:
      - ${socket}
      - "$HOME/.bittensor/wallets:/root/.bittensor/wallets"
      - ./.env:${isMiner ? '/root/.env' : '/root/validator/.env'}
    labels:
      - "com.centurylinklabs.watchtower.enable=true"

  watchtower:
    image: containrrr/watchtower:latest
    restart: unless-stopped
    volumes:
      - ${socket}
    command: --interval 60 --cleanup --label-enable
`;
    const files = {
      [`${there}/hotkeys/default`]: readFileSync(hotkey, 'utf8'),
      [`${there}/coldkeypub.txt`]: readFileSync(path.join(wallet, 'coldkeypub.txt'), 'utf8'),
      [`${folder}/docker-compose.yml`]: compose,
      ...(isMiner ? {} : { '/root/tmpvars': 'AWS_SECRET_ACCESS_KEY=secret-of-aws\n' }),
    };
    for (const [file, text] of Object.entries(files))
      await server.run(`mkdir -p ${path.dirname(file)} && printf %s ${quoted(text)} >${file}`);
    // As on the operator's machine.
    await server.run(`chmod 600 ${there}/hotkeys/default`);
    await this.type(`cat >.env <<END\n${settings.join('\n')}\nEND`);
    await this.type('docker compose up -d');
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What the stand-ins, and a host without journald in a container, cannot do. */
const override = (role: Role): string => {
  const lines = services[role].map((name) => {
    const more = {
      autoheal: ', image: "horde-test/compute-horde:latest"',
      cadvisor: ', devices: !override [], volumes: !override []',
      'node-exporter': ', volumes: !override []',
    }[name];
    return `  ${name}: { logging: !override { driver: json-file }, pull_policy: missing${more ?? ''} }\n`;
  });
  return `services:\n${lines.join('')}`;
};

/** ComputeHorde's own. */
function innerOf(checkout: string, role: Role): Inner {
  const read = (file: string) => readFileSync(path.join(checkout, role, 'envs/runner', file), 'utf8');
  return {
    composeFile: read('data/docker-compose.yml'),
    entrypoint: read('entrypoint.sh'),
    override: override(role),
  };
}

/** The same names, volumes and ports. */
function ownInner(role: Role): Inner {
  const isMiner = role === 'miner';
  const receipts = isMiner ? ['receipts:/receipts/'] : [];
  const often = { interval: '1s', retries: 100 };
  const own: Record<string, object> = {
    db: {
      image: 'postgres:14.0-alpine',
      environment: { POSTGRES_PASSWORD: '${POSTGRES_PASSWORD}' },
      volumes: ['db:/var/lib/postgresql/data'],
      healthcheck: { test: 'pg_isready -U postgres || exit 1', ...often },
    },
    redis: { image: 'redis:8.2-alpine', command: 'redis-server --appendonly yes', volumes: ['redis:/data'] },
    app: {
      image: `backenddevelopersltd/compute-horde-${role}:v0-latest`,
      restart: 'unless-stopped',
      volumes: ['static:/root/src/static', ...receipts],
      healthcheck: { test: 'wget -q --spider 127.0.0.1:8000/admin/login/ || exit 1', ...often },
    },
    nginx: {
      image: `backenddevelopersltd/compute-horde-${role}-nginx:v0-latest`,
      restart: 'unless-stopped',
      command: "nginx -g 'daemon off;'",
      volumes: ['static:/srv/static:ro', ...receipts.map((one) => `${one}:ro`)],
      ports: [isMiner ? '${BITTENSOR_MINER_PORT}:80' : '127.0.0.1:${HTTP_PORT:-80}:80'],
    },
  };
  const any = { image: 'horde-test/compute-horde:latest', restart: 'unless-stopped', command: 'celery' };
  const volumes = ['redis', 'db', 'static', ...(isMiner ? ['receipts'] : [])];
  return {
    composeFile: JSON.stringify({
      services: Object.fromEntries(services[role].map((name) => [name, own[name] ?? any])),
      volumes: Object.fromEntries(volumes.map((name) => [name, null])),
    }),
    entrypoint:
      '#!/bin/sh\nset -eu\ndocker compose up --detach --wait --force-recreate\nwhile :; do docker compose logs -f; sleep 10; done\n',
    override: 'services: {}\n',
  };
}
