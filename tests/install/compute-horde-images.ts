import path from 'node:path';
import Docker from 'dockerode';
import { makeOldPostgresImage } from '../runner/old-postgres-image.ts';
import { loadOwnImage, type ImageConfig } from '../../tools/images/own-image.ts';
import type { MachineFiles } from '../../tools/images/machine-files.ts';
import { pinnedCompose } from '../../tools/images/pinned-compose.ts';
import type { Server } from './server.ts';

export type Role = 'miner' | 'validator';

/** Plays each of the services but the database, by the command that its compose file gives it. */
const service = `#!/bin/sh
trap 'exit 0' TERM INT
case "$*" in
  '') port=8000 ;;
  nginx*) port=80 ;;
  *flower*) port=5555 ;;
  *) port= ;;
esac
if [ -n "$port" ]; then httpd -f -p "$port" -h /srv & else sleep 2147483647 & fi
wait
`;
/** What its service answers, so that it is known from ours. */
export const loginPage = "The login page of ComputeHorde's stand-in.\n";

const images = {
  any: 'horde-test/compute-horde:latest',
  database: 'horde-test/compute-horde-postgres:latest',
  runner: 'horde-test/compute-horde-runner:latest',
};
const vendor = 'backenddevelopersltd';

/** What is pulled for each role, beside its runner and the database. */
const names: Record<Role, string[]> = {
  miner: [
    ...['executor:v1-latest', 'job:v0-latest', 'miner:v0-latest', 'miner-nginx:v0-latest'].map(
      (name) => `${vendor}/compute-horde-${name}`,
    ),
    'stephanmisc/docuum:0.23.1',
  ],
  validator: [
    ...['validator:v0-latest', 'validator-nginx:v0-latest'].map((name) => `${vendor}/compute-horde-${name}`),
    `${vendor}/bittensor_prometheus:latest`,
    `${vendor}/bittensor-prometheus-proxy:latest`,
    'gcr.io/cadvisor/cadvisor:v0.40.0',
    'prom/node-exporter:latest',
  ],
};
const ofBoth = ['redis:8.2-alpine', `${vendor}/bittensor-pylon:0.3.0`, 'containrrr/watchtower:latest'];

/** What the runner's image starts, and how: its inner compose file and its entrypoint. */
export interface Inner {
  composeFile: string;
  entrypoint: string;
  /** A further compose file: what the stand-ins and this kind of host cannot do. */
  override: string;
}

/**
 * Puts stand-ins on a server in the place of all that ComputeHorde's install pulls, under its names, and Docker Compose as a
 * plugin of Docker's.
 */
export async function bringComputeHordeImages(server: Server, role: Role, inner: Inner): Promise<void> {
  const docker = new Docker();
  const config: ImageConfig = {
    Env: ['PATH=/usr/local/bin:/bin'],
    Cmd: [],
    Entrypoint: ['stand-in'],
    WorkingDir: '/',
  };
  try {
    await loadOwnImage(docker, images.any, config, fillAny);
    await makeOldPostgresImage(images.database, '/var/lib/postgresql/data', '/var/lib/postgresql/data/14');
    await loadRunner(docker, role, inner);
    for (const image of Object.values(images)) await server.load(image);
  } finally {
    for (const image of Object.values(images))
      await docker
        .getImage(image)
        .remove()
        .catch(() => undefined);
  }
  const tags = [
    ...[...names[role], ...ofBoth].map((name) => [images.any, name]),
    [images.database, 'postgres:14.0-alpine'],
    [images.runner, `${vendor}/compute-horde-${role}-runner:v0-latest`],
  ];
  await server.run(tags.map(([image, name]) => `docker tag ${image} ${name}`).join(' && '));
  const plugins = '/usr/local/lib/docker/cli-plugins';
  await server.run(
    `docker run --rm -v ${plugins}:/plugins --entrypoint cp ${images.runner} /usr/local/bin/docker-compose /plugins/`,
  );
}

function fillAny(files: MachineFiles): void {
  files.busybox();
  files.write('/usr/local/bin/stand-in', service, 0o755);
  // What health checks ask.
  for (const place of ['/usr/local/bin/celery', '/usr/local/bin/redis-cli', '/usr/local/bin/python'])
    files.write(place, '#!/bin/sh\n', 0o755);
  files.write('/celery-worker-healthcheck.sh', '#!/bin/sh\n', 0o755);
  files.folder('/etc/prometheus');
  files.link('/usr/local/bin/stand-in', '/entrypoint.sh');
  for (const folder of ['', '/admin/login']) files.write(`/srv${folder}/index.html`, loginPage);
  files.link('/receipts', '/srv/receipts');
}

/** Docker's client is Compose alone there. */
async function loadRunner(docker: Docker, role: Role, inner: Inner): Promise<void> {
  const folder = role === 'miner' ? '/root' : '/root/validator';
  const repositories = {
    miner: ['MINER_IMAGE_REPO=compute-horde-miner', 'MINER_NGINX_IMAGE_REPO=compute-horde-miner-nginx'],
    validator: ['VALIDATOR_IMAGE_REPO=compute-horde-validator'],
  };
  const config: ImageConfig = {
    Env: [
      'PATH=/usr/local/bin:/bin',
      'COMPOSE_FILE=docker-compose.yml:/override.yml',
      `${role.toUpperCase()}_RUNNER_VERSION=stand-in`,
      ...repositories[role],
    ],
    Cmd: [],
    Entrypoint: ['/entrypoint.sh'],
    WorkingDir: folder,
  };
  await loadOwnImage(docker, images.runner, config, (files) => {
    files.busybox();
    files.program(path.join(pinnedCompose().folder, 'docker-compose'), '/usr/local/bin/docker-compose');
    files.write('/usr/local/bin/docker', '#!/bin/sh\nshift\nexec docker-compose "$@"\n', 0o755);
    files.write(path.join(folder, 'docker-compose.yml'), inner.composeFile);
    files.write('/override.yml', inner.override);
    files.write('/entrypoint.sh', inner.entrypoint, 0o755);
  });
}
