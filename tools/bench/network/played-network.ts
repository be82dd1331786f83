import pg from 'pg';
import { executorClass } from '../../../tests/faults/suite/environment.ts';
import { FaultNetwork } from '../../../tests/faults/suite/network.ts';
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
  ) {}

  /** @param inFlight how many executors there are, and users for so many jobs */
  static async start(inFlight: number): Promise<PlayedNetwork> {
    const network = await FaultNetwork.start({
      jobs: inFlight,
      runner: 'noop',
      executors: 'noop',
      broken: null,
      measured: true,
    });
    const database = new pg.Client(network.postgres.url);
    await database.connect();
    const { facilitator, validator, miner } = network.services;
    const processes = {
      facilitator: facilitator.pid!,
      validator: validator.pid!,
      miner: miner.pid!,
      executors: network.playing,
    };
    return new PlayedNetwork(network, processes, database);
  }

  async stop(): Promise<void> {
    await this.database.end();
    await this.network.close();
  }

  /** Runs a job of the user whose turn it is. @returns from its creation until its user knows that it has ended, ms */
  async run(): Promise<number> {
    const { clients } = this.network;
    const client = clients[this.next++ % clients.length]!;
    const began = performance.now();
    const job = await client.createJob({
      executorClass,
      jobNamespace: 'bench.1',
      dockerImage: 'none',
      args: ['0', '0'],
      downloadTimeLimit: 60,
      executionTimeLimit: 60,
      uploadTimeLimit: 60,
    });
    await job.wait({ timeout: 300 });
    if (job.status !== 'completed')
      throw new Error(`A job ended as ${job.status}: ${JSON.stringify(job.error)}`);
    return performance.now() - began;
  }

  /** Counts from now on. @returns what has been spent until it is called */
  spent(): Promise<() => Promise<Spent>> {
    return countSpending(this.database, this.processes);
  }
}
