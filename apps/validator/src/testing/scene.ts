import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { newJob, ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { ValidatorPlace } from './running-validator.ts';

/** A facilitator and a miner for each test of a spec file, and validators that send all jobs to that miner. */
export class Scene {
  place!: ValidatorPlace;
  facilitator!: ScriptedFacilitator;
  miner!: ScriptedMiner;
  private validators: INestApplication[] = [];

  constructor() {
    beforeAll(async () => {
      this.place = await ValidatorPlace.make();
    });
    beforeEach(async () => {
      this.facilitator = new ScriptedFacilitator(this.place.keypair.address);
      this.miner = new ScriptedMiner(Keypair.generate());
      await Promise.all([this.facilitator.start(), this.miner.start()]);
    });
    afterEach(async () => {
      await Promise.all(this.validators.map((validator) => validator.close()));
      this.validators = [];
      await Promise.all([this.facilitator.stop(), this.miner.stop()]);
    });
    afterAll(() => this.place.remove());
  }

  settings(): Record<string, string> {
    return {
      FACILITATOR_URI: this.facilitator.uri,
      DEBUG_MINER_KEY: this.miner.keypair.address,
      DEBUG_MINER_ADDRESS: '127.0.0.1',
      DEBUG_MINER_PORT: String(this.miner.port),
    };
  }

  /** Starts a validator in this process. */
  async start(more: Record<string, string> = {}): Promise<INestApplication> {
    const validator = await this.place.start({ ...this.settings(), ...more });
    this.validators.push(validator);
    return validator;
  }

  /** Has the facilitator send a job, signed by the validator's own hotkey unless told otherwise. */
  async send(
    fields: Parameters<typeof newJob>[2] = {},
    signer: Keypair = this.place.keypair,
  ): Promise<string> {
    const uuid = randomUUID();
    await this.facilitator.send(newJob(uuid, signer, fields));
    return uuid;
  }

  /** How many messages about a job wait in the outbox. */
  async waiting(uuid: string): Promise<number> {
    return (await this.place.query('select id from outbox where subject = $1', [uuid])).length;
  }
}
