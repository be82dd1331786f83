/** What the runners of the services differ in. */
export interface Role {
  name: 'miner' | 'validator' | 'facilitator';
  /** Where the outer file mounts `.env`. */
  envFile: string;
  /** The project's name where `.env` has none: that of the folder that ComputeHorde's runner works in. */
  project: string;
  /** The variables of `.env` that are ports of the host, each with its default; null: it must be set. */
  ports: Record<string, string | null>;
  /** The port that the service listens on in its container; null: that of the host. */
  port: string | null;
  /** The variables of `.env` that are folders of the host, and where the service finds them. */
  folders: Record<string, string>;
  /** The services of ComputeHorde's runner that are none here: what is left of them is removed, their volumes stay. */
  retired: readonly string[];
}

/** Where a service finds the host's folder of backups. */
export const backupFolder = '/var/backups/horde';

const roles: Record<Role['name'], Role> = {
  miner: {
    name: 'miner',
    envFile: '/root/.env',
    project: 'root',
    ports: { BITTENSOR_MINER_PORT: null },
    port: null,
    folders: { HOST_VENDOR_DIR: '/root/vendor', BACKUP_FOLDER: backupFolder },
    retired: ['redis', 'celery-worker', 'celery-beat', 'nginx', 'docuum'],
  },
  validator: {
    name: 'validator',
    envFile: '/root/validator/.env',
    project: 'validator',
    ports: { HTTP_PORT: '80' },
    port: '8010',
    folders: { BACKUP_FOLDER: backupFolder },
    retired: [
      'redis',
      'celery-worker',
      'celery-worker-weights',
      'celery-worker-jobs',
      'celery-worker-llm',
      'celery-worker-metagraph',
      'celery-worker-organic-jobs',
      'celery-beat',
      'celery-flower',
      'connect-facilitator',
      'transfer-receipts',
      'nginx',
      'prometheus',
      'prometheus-proxy',
      'cadvisor',
      'node-exporter',
      'autoheal',
    ],
  },
  facilitator: {
    name: 'facilitator',
    envFile: '/root/.env',
    project: 'facilitator',
    ports: { HTTP_PORT: '80', HTTPS_PORT: '443' },
    port: '9000',
    folders: { HOST_TLS_DIR: '/tls', BACKUP_FOLDER: backupFolder },
    retired: 'redis celery-worker celery-beat beat flower nginx node-exporter cadvisor promtail'.split(' '),
  },
};

/** @throws Error where no service has that name */
export function roleOf(name: string | undefined): Role {
  const role = Object.values(roles).find((one) => one.name === name);
  if (!role) throw new Error(`There is no runner of "${name ?? ''}".`);
  return role;
}
