import type { ExecutorClass } from '@horde/protocol';
import type { Job } from '@horde/sdk';
import pg from 'pg';
import { executorClassesOf } from '../../../tests/faults/suite/environment.ts';
import { FaultNetwork } from '../../../tests/faults/suite/network.ts';
import type { NetworkOptions } from '../../../tests/faults/suite/options.ts';
import { countSpending, type Processes, type Spent } from './spending.ts';

/**
 * A network whose executors speak the wire from one process and run nothing: what is left is the way of a job through
 * facilitator, validator, miner and Postgres. Its users follow their jobs by events.
 */
export class PlayedNetwork {
  private next = 0;

  private constructor(
    private readonly network: FaultNetwork,
    private readonly processes: Processes,
    private readonly database: pg.Client,
    private readonly classes: readonly ExecutorClass[],
  ) {}

  /** @param inFlight how many executors there are, and users for so many jobs, unless `more` says otherwise */
  static async start(
    inFlight: number,
    more: Pick<NetworkOptions, 'classes' | 'users'> = {},
  ): Promise<PlayedNetwork> {
    const network = await FaultNetwork.start({
      jobs: inFlight,
      runner: 'noop',
      executors: 'noop',
      broken: null,
      measured: true,
      ...more,
    });
    // A miner may have any number of each class.
    await network.services.validator.command(
      'set_dynamic_config',
      'DYNAMIC_MINER_MAX_EXECUTORS_PER_CLASS',
      '""',
    );
    const database = new pg.Client(network.postgres.url);
    await database.connect();
    const { facilitator, validator, miner } = network.services;
    const processes = {
      facilitator: facilitator.pid!,
      validator: validator.pid!,
      miner: miner.pid!,
      executors: network.playing,
    };
    return new PlayedNetwork(network, processes, database, executorClassesOf(more));
  }

  async stop(): Promise<void> {
    await this.database.end();
    await this.network.close();
  }

  /** Runs a job of the user whose turn it is. @returns from its creation until its user knows that it has ended, ms */
  async run(): Promise<number> {
    const began = performance.now();
    const job = await this.create();
    await job.wait({ timeout: 300 });
    if (job.status !== 'completed')
      throw new Error(`A job ended as ${job.status}: ${JSON.stringify(job.error)}`);
    return performance.now() - began;
  }

  /** Creates a job of the user and of the class whose turn it is. */
  create(): Promise<Job> {
    const { clients } = this.network;
    const turn = this.next++;
    return clients[turn % clients.length]!.createJob({
      executorClass: this.classes[turn % this.classes.length]!,
      jobNamespace: 'bench.1',
      dockerImage: 'none',
      args: ['0', '0'],
      downloadTimeLimit: 60,
      executionTimeLimit: 60,
      uploadTimeLimit: 60,
    });
  }

  /** How many jobs the validator has had, and how many of them have ended. */
  async counts(): Promise<{ ended: number; unfinished: number }> {
    const { rows } = await this.database.query<{ ended: number; unfinished: number }>(
      `select (select count(*)::int from validator.job where ended_at is not null) as ended,
         (select count(*)::int from validator.job where ended_at is null) as unfinished`,
    );
    return rows[0]!;
  }

  /** Counts from now on. @returns what has been spent until it is called */
  spent(): Promise<() => Promise<Spent>> {
    return countSpending(this.database, this.processes);
  }
}
