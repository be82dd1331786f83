import { Inject, Injectable } from '@nestjs/common';
import { Database, GatheredBell } from '@horde/database';
import type { ExecutorHost, ExecutorManager } from '@horde/executor-manager';
import type { MinerExecutor, MinerExecutorHost } from '@horde/panel-api';
import { statusLabel, type ExecutorClass, type JobStatus } from '@horde/protocol';
import { EXECUTOR_MANAGER } from '../tokens.ts';

/** An executor that holds a slot, as the database has it. */
export interface HeldSlot {
  executor_class: string;
  /** As its manager calls the place where it is; null: it is being started, or its manager does not tell. */
  place: string | null;
  /** null: it is warm. */
  job: string | null;
  status: JobStatus | null;
  connected: boolean;
  /** Its job has ended, or it is not wanted any more. */
  ending: boolean;
  since: string;
}

/** The hosts of the miner's executors, and what each runs. */
@Injectable()
export class ExecutorHosts {
  constructor(
    private readonly database: Database,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    bell: GatheredBell,
  ) {
    manager.onHostsChange?.(() => bell.ring('executors'));
  }

  async read(): Promise<MinerExecutorHost[]> {
    const [hosts, held] = await Promise.all([this.hosts(), heldSlots(this.database)]);
    return placed(hosts, held);
  }

  private async hosts(): Promise<ExecutorHost[]> {
    if (this.manager.hosts) return this.manager.hosts();
    const manifest = Object.entries(await this.manager.manifest()) as [ExecutorClass, number][];
    return manifest.map(([executorClass, executors]) => ({
      name: executorClass,
      executorClass,
      executors,
      trouble: null,
    }));
  }
}

/** The executors that hold a slot, the one first that does what it does for longest. */
export const heldSlots = ({ manager }: Database): Promise<HeldSlot[]> =>
  manager.query(
    `select executor_class, executor_handle->>'place' as place, uuid as job, status,
       connected_at is not null as connected, ended_at is not null as ending,
       coalesce(ended_at, accepted_at) as since
     from job where slot_held
     union all
     select executor_class, executor_handle->>'place', null, null, connected_at is not null, retiring, requested_at
     from warm_executor order by since`,
  );

/**
 * Puts executors to the hosts that they are on. Those that no host is known of come to the only one of their class, else
 * behind all hosts.
 */
export function placed(hosts: ExecutorHost[], held: HeldSlot[]): MinerExecutorHost[] {
  const rows: MinerExecutorHost[] = hosts.map(({ name, executorClass, executors, trouble, draining }) => ({
    name,
    executor_class: executorClass,
    executors,
    trouble: trouble ?? (draining ? `${name} gets no more jobs: the servers' file says draining.` : null),
    running: [],
  }));
  for (const slot of held) {
    const ofClass = rows.filter((row) => row.executor_class === slot.executor_class);
    let row = ofClass.find(({ name }) => name === slot.place) ?? (ofClass.length === 1 ? ofClass[0] : null);
    if (!row) {
      row = { name: null, executor_class: slot.executor_class, executors: 0, trouble: null, running: [] };
      rows.push(row);
    }
    row.running.push(executorOf(slot));
  }
  return rows;
}

function executorOf({ job, status, connected, ending, since }: HeldSlot): MinerExecutor {
  const works = job === null ? 'warm' : 'working';
  const state = ending ? 'ending' : connected ? works : 'starting';
  return { state, job, status_label: status && statusLabel(status), since };
}
