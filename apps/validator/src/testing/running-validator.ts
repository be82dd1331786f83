import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ensureHotkey, type Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { loadSettings } from '@horde/settings';
import pg from 'pg';
import { createTestDatabase } from '@horde/testing/database';
import { metricsToken } from '@horde/testing/metrics';
import { databaseOptions } from '../database.ts';
import { ValidatorSettings } from '../settings.ts';
import { validatorModule } from '../validator.module.ts';

/** A wallet folder and a database, with its tables, for the validator of a spec file. */
export class ValidatorPlace {
  private constructor(
    private readonly folder: string,
    readonly keypair: Keypair,
    readonly databaseUrl: string,
  ) {}

  /** @param databaseUrl of a database that has its tables @default a new one */
  static async make(databaseUrl?: string): Promise<ValidatorPlace> {
    const folder = await mkdtemp(path.join(tmpdir(), 'validator-spec-'));
    const keypair = await ensureHotkey(path.join(folder, 'validator/hotkeys/default'));
    return new ValidatorPlace(folder, keypair, databaseUrl ?? (await createTestDatabase(databaseOptions)));
  }

  /** The environment of a validator whose chain does not answer; jobs go to a debug miner. */
  environment(more: Record<string, string>): Record<string, string> {
    return {
      DATABASE_URL: this.databaseUrl,
      HOST: '127.0.0.1',
      PORT: '0',
      BITTENSOR_NETUID: '12',
      BITTENSOR_NETWORK: 'none',
      BITTENSOR_WALLET_DIRECTORY: this.folder,
      BITTENSOR_WALLET_NAME: 'validator',
      BITTENSOR_WALLET_HOTKEY_NAME: 'default',
      PYLON_ADDRESS: 'http://127.0.0.1:1',
      METRICS_TOKEN: metricsToken,
      // Specs of waiting, and of second miners, say how long.
      JOB_WAIT_LIMIT: '0',
      ALLOWANCE_REQUIRED: 'false',
      ...more,
    };
  }

  /** A validator in this process, as `main` starts it. */
  async start(more: Record<string, string>): Promise<INestApplication> {
    const { settings } = loadSettings(ValidatorSettings, this.environment(more));
    const logger = createLogger('validator');
    logger.level = process.env['LOG_LEVEL'] ?? 'silent';
    const app = await NestFactory.create(validatorModule(settings, logger), {
      logger: false,
      bodyParser: false,
      forceCloseConnections: true,
      abortOnError: false,
    });
    await app.listen(0, '127.0.0.1');
    return app;
  }

  /** Looks into the database, or changes it, while no validator or any runs. */
  async query<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl, options: '-c search_path=validator' });
    await client.connect();
    try {
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
