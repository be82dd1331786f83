import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { clientError } from '../client-error.ts';
import {
  resultFolder,
  type FallbackCloud,
  type FallbackStatus,
  type FallbackTask,
  type Forwarding,
} from './fallback-cloud.ts';
import { forwardBySsh, notInstalled } from './ssh-forwarding.ts';

export interface SkyOptions {
  /** Such as `runpod`. */
  cloud: string;
  /** After which an idle machine is given back. @unit minutes @default 15 */
  idleMinutes?: number;
  /** Variables that `sky` gets besides this process's own. */
  env?: Record<string, string>;
}

/** What SkyPilot calls a job, and what it is called here. */
const statuses: Record<string, FallbackStatus> = {
  INIT: 'accepted',
  PENDING: 'accepted',
  SETTING_UP: 'accepted',
  RUNNING: 'accepted',
  SUCCEEDED: 'completed',
  FAILED: 'failed',
  FAILED_SETUP: 'rejected',
  FAILED_DRIVER: 'rejected',
  CANCELLED: 'failed',
};
const statusWord = new RegExp(`\\b(${Object.keys(statuses).join('|')})\\b`);

/** The largest artifact, as in the network. @unit bytes */
const maxArtifact = 1_000_000;
/** @unit bytes */
const maxPrinted = 64 * 1024 * 1024;

/** Rents machines by SkyPilot's command `sky` (0.8), one for each task; its accounts are set up as SkyPilot says. */
export class SkyCloud implements FallbackCloud {
  private readonly cloud: string;
  private readonly idleMinutes: number;
  private readonly env: NodeJS.ProcessEnv;

  constructor({ cloud, idleMinutes = 15, env = {} }: SkyOptions) {
    this.cloud = cloud;
    this.idleMinutes = idleMinutes;
    this.env = { ...process.env, ...env };
  }

  async start(task: FallbackTask, signal?: AbortSignal): Promise<string> {
    const cluster = `horde-${randomBytes(6).toString('hex')}`;
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-sky-'));
    try {
      const file = path.join(folder, 'task.yaml');
      await writeFile(file, this.taskText(task), { mode: 0o600 });
      const idle = ['--idle-minutes-to-autostop', String(this.idleMinutes), '--down'];
      await this.run('sky', ['launch', '--yes', '--detach-run', '--cluster', cluster, ...idle, file], signal);
      return cluster;
    } catch (error) {
      await this.stop(cluster).catch(() => undefined); // autostop stands behind it
      throw error;
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  async list(signal?: AbortSignal): Promise<string[]> {
    // Without --refresh it knows nothing of machines that were given back because they were idle.
    const table = await this.run('sky', ['status', '--refresh'], signal);
    return [...table.matchAll(/^\s*(horde-[0-9a-f]{12})\s/gm)].map(([, cluster]) => cluster!);
  }

  async status(cluster: string, signal?: AbortSignal): Promise<FallbackStatus> {
    const table = await this.run('sky', ['queue', cluster], signal);
    // A machine has one job, the first.
    const row = table.split('\n').find((line) => /^\s*1\s/.test(line)) ?? '';
    return statuses[statusWord.exec(row)?.[1] ?? ''] ?? 'sent';
  }

  async result(cluster: string, signal?: AbortSignal): ReturnType<FallbackCloud['result']> {
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-sky-'));
    try {
      await this.run('scp', ['-q', '-r', `${cluster}:${resultFolder}`, folder], signal);
      const at = (...names: string[]) => path.join(folder, path.basename(resultFolder), ...names);
      const artifacts = new Map<string, Buffer>();
      for (const entry of await readdir(at('artifacts'), { withFileTypes: true, recursive: true })) {
        const file = path.join(entry.parentPath, entry.name);
        const contents = entry.isFile() ? await readFile(file) : null;
        if (contents && contents.length < maxArtifact)
          artifacts.set(`/${path.relative(at('artifacts'), file)}`, contents);
      }
      const text = (name: string) => readFile(at(name), 'utf8').catch(() => '');
      return { stdout: await text('stdout'), stderr: await text('stderr'), artifacts };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /** SkyPilot makes each machine a host of OpenSSH's. */
  forward(cluster: string, port: number, signal?: AbortSignal): Promise<Forwarding> {
    return forwardBySsh(cluster, port, { env: this.env, signal });
  }

  async stop(cluster: string, signal?: AbortSignal): Promise<void> {
    await this.run('sky', ['down', '--yes', cluster], signal);
  }

  /** SkyPilot reads YAML, and JSON is YAML. */
  private taskText({ image, script, env, ...needs }: FallbackTask): string {
    const resources = {
      cloud: this.cloud,
      image_id: `docker:${image}`,
      accelerators: needs.accelerators,
      cpus: needs.cpus,
      memory: needs.memory,
      disk_size: needs.diskSize,
      region: needs.region,
      zone: needs.zone,
      instance_type: needs.instanceType,
      ports: needs.ports,
    };
    return JSON.stringify({ resources, envs: env, run: script });
  }

  private run(command: string, args: string[], signal?: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { env: this.env, signal, maxBuffer: maxPrinted };
      execFile(command, args, options, (error, stdout, stderr) => {
        if (!error) return resolve(stripVTControlCharacters(stdout));
        if (signal?.aborted) return reject(signal.reason as Error);
        const isMissing = error.code === 'ENOENT';
        const last = isMissing ? notInstalled : stderr.trim().split('\n').at(-1) || error.message;
        const why = stripVTControlCharacters(last).slice(0, 500);
        reject(clientError('FALLBACK_FAILED', { command: `${command} ${args[0]}`, why }));
      });
    });
  }
}
