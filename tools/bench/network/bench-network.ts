import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bridgeGateway } from '@horde/executor-manager';
import type { HordeClient } from '@horde/sdk';
import { clientOf } from '@horde/testing/client-of';
import { horde, lastJson, newDataFolder, removeDataFolder } from '@horde/testing/horde';
import Docker from 'dockerode';
import pg from 'pg';
import { killAndRestart } from '../../../tests/e2e/kill-service.ts';
import { countSpending, type Processes, type Spent } from './spending.ts';
import { StatementLog } from './statement-log.ts';

interface Service {
  name: string;
  pid: number;
  url: string;
}

/** The network of `./horde up`, driven by its user through the SDK, which follows jobs by events. */
export class BenchNetwork {
  private constructor(
    private readonly data: string,
    readonly executors: number,
    private readonly client: HordeClient,
    private readonly services: Service[],
    private readonly processes: Processes,
    private readonly database: pg.Client,
  ) {}

  static async start(executors: number): Promise<BenchNetwork> {
    const data = await newDataFolder();
    const up = await horde(['up', '--executors', String(executors)], data);
    if (up.code !== 0) throw new Error(up.stdout + up.stderr);
    const { services } = lastJson(await horde(['status', '--json'], data)) as { services: Service[] };
    const exports = await readFile(path.join(data, 'networks/up/env/facilitator'), 'utf8');
    const database = new pg.Client(/^export DATABASE_URL='(.*)'$/m.exec(exports)![1]!);
    await database.connect();
    const pidOf = (service: string) => services.find(({ name }) => name === service)!.pid;
    const processes = {
      facilitator: pidOf('facilitator'),
      validator: pidOf('validator'),
      miner: pidOf('miner'),
      executors: null,
    };
    return new BenchNetwork(data, executors, await clientOf(data), services, processes, database);
  }

  async stop(): Promise<void> {
    await this.database.end();
    await horde(['down'], this.data);
    await removeDataFolder(this.data);
  }

  /** Starts the miner again, with its executors in containers of an image, as operators have them. */
  async putExecutorsIntoContainers(image: string): Promise<void> {
    const file = path.join(this.data, 'servers.yml');
    await writeFile(
      file,
      `here: { mode: local, executor_class: always_on.test, executors: ${this.executors} }\n`,
    );
    const miner = this.services.find(({ name }) => name === 'miner')!;
    this.processes.miner = await killAndRestart(miner, {
      HOST: '0.0.0.0',
      ADDRESS_FOR_EXECUTORS: await bridgeGateway(new Docker()),
      EXECUTOR_MANAGER_CLASS_PATH: 'docker',
      EXECUTOR_IMAGE: image,
      DOCKER_EXECUTORS_CONFIG_PATH: file,
    });
  }

  /** Runs a job that does nothing. @returns from its creation until its user knows that it has ended, ms */
  async run(image: string): Promise<number> {
    const began = performance.now();
    const job = await this.client.createJob({
      executorClass: 'always_on.test',
      jobNamespace: 'bench.1',
      dockerImage: image,
      args: ['true'],
      downloadTimeLimit: 60,
      executionTimeLimit: 60,
      uploadTimeLimit: 60,
    });
    await job.wait({ timeout: 300 });
    const took = performance.now() - began;
    if (job.status !== 'completed')
      throw new Error(`A job ended as ${job.status}: ${JSON.stringify(job.error)}`);
    return took;
  }

  /** Lists from now on what the services ask Postgres for. */
  statements(): Promise<StatementLog> {
    return StatementLog.start(this.database, path.join(this.data, 'networks/up/postgres/postgres.log'));
  }

  /** Counts from now on. @returns what has been spent until it is called */
  spent(): Promise<() => Promise<Spent>> {
    return countSpending(this.database, this.processes);
  }
}
