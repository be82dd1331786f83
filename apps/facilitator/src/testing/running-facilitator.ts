import type { AddressInfo } from 'node:net';
import type { DynamicModule, INestApplication, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CHAIN, type Block, type Neuron } from '@horde/chain';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { Queues, type Queue } from '@horde/queue';
import { createTestDatabase } from '@horde/testing/database';
import { metricsToken } from '@horde/testing/metrics';
import { Tokens } from '../auth/tokens.ts';
import { Whitelist } from '../auth/whitelist.ts';
import { databaseOptions } from '../database.ts';
import { FacilitatorModule } from '../facilitator.module.ts';
import { FacilitatorSettings } from '../settings.ts';
import { ValidatorSync } from '../validators/validator-sync.ts';

/** A chain whose validators and miners a spec decides. */
class ListedChain {
  readonly miners: { hotkey: string; ip: string; port: number }[] = [];

  constructor(readonly hotkeys: string[]) {}

  latestBlock(): Promise<Block> {
    return Promise.resolve({ number: 1, hash: '0x01' });
  }

  async neurons(): Promise<{ block: Block; neurons: Neuron[] }> {
    const miners = this.miners.map(({ hotkey, ...address }, uid) => ({ ...neuron(hotkey, uid), address }));
    return { block: await this.latestBlock(), neurons: [...this.hotkeys.map(neuron), ...miners] };
  }

  async validators(): Promise<{ block: Block; validators: Neuron[] }> {
    return { block: await this.latestBlock(), validators: this.hotkeys.map(neuron) };
  }

  commitment(): Promise<string | null> {
    return Promise.resolve(null);
  }
}

const neuron = (hotkey: string, uid: number): Neuron => ({
  uid,
  hotkey,
  coldkey: hotkey,
  address: null,
  totalStake: 1,
  validatorPermit: true,
  lastUpdate: 0,
  incentive: 0,
  emission: 0,
});

export interface RunningFacilitator {
  app: INestApplication;
  /** `http://127.0.0.1:PORT` */
  url: string;
  database: Database;
  chain: ListedChain;
  /** What it has logged. */
  log: Record<string, unknown>[];
  /** May log in. */
  user: Keypair;
  /** Lets this one log in, too. @returns a token of it */
  allow(hotkey: string): Promise<string>;
  stop(): Promise<void>;
}

/** Of a facilitator that does nothing by schedule, for specs that nothing must come in between. */
const silent: Queue = {
  ring: () => Promise.resolve(),
  every: () => Promise.resolve(),
  work: () => undefined,
};

/** The real service on a database of its own, with a chain that names `validators`. */
export async function startFacilitator(
  validators: string[],
  settings: Partial<FacilitatorSettings> = {},
  { hasSchedules = true } = {},
): Promise<RunningFacilitator> {
  const all = Object.assign(new FacilitatorSettings(), {
    secretKey: 'secret',
    netuid: 1,
    metricsToken,
    ...settings,
  });
  all.databaseUrl ??= await createTestDatabase(databaseOptions);
  const chain = new ListedChain(validators);
  const log: Record<string, unknown>[] = [];
  const logger = createLogger('facilitator', {
    write: (line) => void log.push(JSON.parse(line) as Record<string, unknown>),
  });
  const real = FacilitatorModule.with(all, logger);
  const module: DynamicModule = {
    ...real,
    providers: real.providers!.map((provider) =>
      isChain(provider) ? { provide: CHAIN, useValue: chain } : provider,
    ),
  };
  const app = await NestFactory.create(module, {
    logger: false,
    abortOnError: false,
    bodyParser: false,
    forceCloseConnections: true,
  });
  if (!hasSchedules) app.get(Queues).open = () => silent;
  await app.listen(0, '127.0.0.1');
  await app.get(ValidatorSync).sync();
  const user = Keypair.generate();
  const allow = async (hotkey: string) => {
    await app.get(Whitelist).add(hotkey);
    return app.get(Tokens).issue(hotkey);
  };
  await allow(user.address);
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    url: `http://127.0.0.1:${port}`,
    database: app.get(Database),
    chain,
    log,
    user,
    allow,
    stop: () => app.close(),
  };
}

const isChain = (provider: Provider): boolean => typeof provider === 'object' && provider.provide === CHAIN;
