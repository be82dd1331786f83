import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Neuron, SigningChain } from '@horde/chain';
import type { ExecutorManager } from '@horde/executor-manager';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { executorPath, JobOutputRequest, make } from '@horde/protocol';
import type { Extension } from '@horde/transport';
import pg from 'pg';
import { createTestDatabase } from '@horde/testing/database';
import { DurablePeer } from '@horde/testing/durable-peer';
import { freePort } from '@horde/testing/free-port';
import { metricsToken } from '@horde/testing/metrics';
import { Peer } from '@horde/testing/peer';
import { RecordingManager } from '@horde/testing/recording-manager';
import { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { JobOutputs } from '../jobs/job-outputs.ts';
import { databaseOptions } from '../migrations/database-options.ts';
import { minerModule } from '../miner.module.ts';
import { ReceiptPages } from '../receipts/receipt-pages.ts';
import { MinerSettings } from '../settings.ts';

/** A miner on a database of its own, and what a spec does to it. */
export class MinerUnderTest<M extends ExecutorManager = RecordingManager> {
  readonly keypair = Keypair.generate();
  /** The validators that the chain has. */
  chainValidators: string[] = [];
  private chain: SigningChain | null = null;
  private app!: INestApplication;
  private sql!: pg.Client;

  private constructor(
    readonly manager: M,
    private readonly settings: Partial<MinerSettings>,
    public databaseUrl: string,
    private readonly commandLine: readonly string[],
  ) {}

  /**
   * @param chainFor the chain of the miner with this hotkey; without it: one that knows `chainValidators` only
   * @param commandLine what the panel's checks are started by
   */
  static async start<M extends ExecutorManager>(
    manager: M,
    settings: Partial<MinerSettings> = {},
    chainFor?: (hotkey: string) => Promise<SigningChain>,
    commandLine: readonly string[] = ['false'],
  ): Promise<MinerUnderTest<M>> {
    const databaseUrl = await createTestDatabase(databaseOptions);
    const miner = new MinerUnderTest(manager, settings, databaseUrl, commandLine);
    miner.chain = (await chainFor?.(miner.hotkey)) ?? null;
    await miner.boot();
    miner.sql = new pg.Client({ connectionString: miner.databaseUrl, options: '-c search_path=miner' });
    await miner.sql.connect();
    return miner;
  }

  /** The next life of the miner, on the same database. @param databasePort where it reaches that, if not directly */
  async boot(databasePort?: number): Promise<void> {
    const settings = Object.assign(new MinerSettings(), {
      databaseUrl: databasePort ? at(this.databaseUrl, databasePort) : this.databaseUrl,
      port: 0,
      netuid: 1,
      network: 'local',
      serving: false,
      addressForExecutors: '127.0.0.1',
      metricsToken,
      ...this.settings,
    });
    const validators = async () => ({
      block: { number: 1, hash: '0x' },
      validators: this.chainValidators.map((hotkey) => ({ hotkey }) as Neuron),
    });
    const chain = this.chain ?? ({ validators } as Pick<SigningChain, 'validators'> as SigningChain);
    const module = minerModule(settings, createLogger('miner'), {
      keypair: this.keypair,
      chain,
      manager: this.manager,
      commandLine: this.commandLine,
    });
    this.app = await NestFactory.create(module, {
      logger: false,
      abortOnError: false,
      bodyParser: false,
      forceCloseConnections: true,
    });
    this.port ||= await freePort();
    await this.app.listen(this.port, this.settings.host ?? '127.0.0.1');
  }

  private port = 0;

  /** The port of its database's server. */
  get databasePort(): number {
    return Number(new URL(this.databaseUrl).port);
  }

  get url(): string {
    return `ws://${this.settings.host === '::' ? '[::1]' : '127.0.0.1'}:${this.port}`;
  }

  /** Where its panel is. */
  get httpUrl(): string {
    return this.url.replace('ws:', 'http:');
  }

  get hotkey(): string {
    return this.keypair.address;
  }

  /** A validator that the miner knows. */
  async validator(): Promise<ScriptedValidator> {
    const validator = this.stranger();
    await this.query(
      'insert into validator (hotkey, active, debug) values ($1, true, true)',
      validator.hotkey,
    );
    return validator;
  }

  /** A validator that the miner does not know. */
  stranger(): ScriptedValidator {
    return new ScriptedValidator(() => this.url, this.hotkey);
  }

  /** A connected executor that has been given its initial request. */
  async executor(token: string, headers: Record<string, string> = {}): Promise<Peer> {
    const peer = await this.knock(token, headers);
    await peer.next('V0InitialJobRequest');
    return peer;
  }

  /** An executor's connection. */
  knock(token: string, headers: Record<string, string> = {}): Promise<Peer> {
    return Peer.connect(this.url + executorPath(token), headers);
  }

  /** An executor's connection that asks for extensions. */
  durable(token: string, extensions?: readonly Extension[]): Promise<DurablePeer> {
    return DurablePeer.connect(this.url + executorPath(token), extensions);
  }

  async query<T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> {
    return (await this.sql.query(sql, values)).rows as T[];
  }

  /** A job begins to print, and its validator has asked for that. */
  async print(job_uuid: string, validator: string, text: string): Promise<void> {
    const outputs = this.part(JobOutputs);
    const request = make(JobOutputRequest, { job_uuid, stream: 'stdout', offset: 0, credit: 1_000 });
    await outputs.asked(validator, request, false);
    await outputs.append(job_uuid, 'stdout', { offset: 0, data: Buffer.from(text), end: false });
  }

  /** Resolves when its pages show all receipts that it has stored. */
  receiptsShown(): Promise<void> {
    return this.part(ReceiptPages).settled();
  }

  get application(): INestApplication {
    return this.app;
  }

  get part(): INestApplication['get'] {
    return this.app.get.bind(this.app);
  }

  /** Stops the miner gracefully; its database stays. */
  async stop(): Promise<void> {
    await this.app.close();
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.sql.end();
  }
}

const at = (url: string, port: number): string => Object.assign(new URL(url), { port }).href;
