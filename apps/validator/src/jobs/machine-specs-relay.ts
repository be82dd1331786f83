import { Inject, Injectable } from '@nestjs/common';
import { Database, Outbox } from '@horde/database';
import { Keypair } from '@horde/identity';
import { LOGGER, type Logger } from '@horde/operations';
import { MachineSpecsUpdate, make, writeCompact, type MachineSpecs } from '@horde/protocol';
import { ValidatorSettings } from '../settings.ts';
import type { Attempt } from './attempt.entity.ts';
import { trustedMinerHotkey } from './trusted-miner.ts';

/** A description of eight GPUs and 256 cores is a tenth as long. @unit characters */
const maxSpecs = 100_000;

/** Passes on what miners tell of the machines that jobs run on. */
@Injectable()
export class MachineSpecsRelay {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly keypair: Keypair,
    private readonly settings: ValidatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Passes a machine's description on to the facilitator that sent the job: the first that a miner tells in an attempt.
   * ComputeHorde's facilitators know no trusted miner, and a job that the operator runs is none of theirs.
   */
  async pass(attempt: Attempt, { specs }: MachineSpecs): Promise<void> {
    const { job_uuid, number, miner_hotkey } = attempt;
    if (miner_hotkey === trustedMinerHotkey) return;
    const machine = specs.get('specs');
    if (!(machine instanceof Map) || writeCompact(machine).length > maxSpecs) {
      this.logger.warn(
        { miner: miner_hotkey },
        'the miner described its machine in no form that is passed on',
      );
      return;
    }
    await this.database.transaction(async (tx) => {
      const [[job]] = await tx.manager.query<[[{ facilitator: string }?], number]>(
        `update attempt set machine_told = true from job
         where job_uuid = $1 and number = $2 and not machine_told and job.uuid = job_uuid returning facilitator`,
        [job_uuid, number],
      );
      if (!job || !this.settings.facilitatorUris.includes(job.facilitator)) return;
      const update = {
        miner_hotkey,
        validator_hotkey: this.keypair.address,
        specs: machine,
        batch_id: job_uuid,
      };
      await this.outbox.put(tx, job.facilitator, job_uuid, make(MachineSpecsUpdate, update));
    });
  }
}
