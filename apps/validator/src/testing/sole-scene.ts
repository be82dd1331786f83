import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { newJob, ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { ValidatorPlace } from './running-validator.ts';

/** One validator for all tests of a spec file, with a facilitator and the miner that all jobs go to. */
export class SoleScene {
  private constructor(
    readonly place: ValidatorPlace,
    readonly facilitator: ScriptedFacilitator,
    readonly miner: ScriptedMiner,
    readonly validator: INestApplication,
  ) {}

  static async start(more: Record<string, string> = {}): Promise<SoleScene> {
    const place = await ValidatorPlace.make();
    const facilitator = new ScriptedFacilitator(place.keypair.address);
    const miner = new ScriptedMiner(Keypair.generate());
    await Promise.all([facilitator.start(), miner.start()]);
    const validator = await place.start({
      FACILITATOR_URI: facilitator.uri,
      DEBUG_MINER_KEY: miner.keypair.address,
      DEBUG_MINER_ADDRESS: '127.0.0.1',
      DEBUG_MINER_PORT: String(miner.port),
      ...more,
    });
    return new SoleScene(place, facilitator, miner, validator);
  }

  /** Has the facilitator send a job, signed by the validator's own hotkey. */
  async send(fields: Parameters<typeof newJob>[2] = {}): Promise<string> {
    const uuid = randomUUID();
    await this.facilitator.send(newJob(uuid, this.place.keypair, fields));
    return uuid;
  }

  async stop(): Promise<void> {
    await this.validator.close();
    await Promise.all([this.facilitator.stop(), this.miner.stop()]);
    await this.place.remove();
  }
}
