import { Inject, Injectable } from '@nestjs/common';
import { Database, insertMessage, Outbox, PreparedStatement, type StoredMessage } from '@horde/database';
import { Keypair } from '@horde/identity';
import { LOGGER, type Logger } from '@horde/operations';
import { MachineSpecsUpdate, make, writeCompact, writeFrame, type MachineSpecs } from '@horde/protocol';
import { ValidatorSettings } from '../settings.ts';
import type { Attempt } from './attempt.entity.ts';
import { trustedMinerHotkey } from './trusted-miner.ts';

/** A description of eight GPUs and 256 cores is a tenth as long. @unit characters */
const maxSpecs = 100_000;

/** The first of an attempt is noted, and put into the outbox where the job came from one of these facilitators. */
const tell = new PreparedStatement<Pick<StoredMessage, 'id' | 'after'> & { facilitator: string }>(
  `with told as (
     update attempt set machine_told = true from job
     where job_uuid = $1 and number = $2 and not machine_told and job.uuid = job_uuid
     returning facilitator, job_uuid::text as subject
   ), listener as (
     select * from told where facilitator = any ($3::text[])
   ), put as (${insertMessage('listener', { peer: 'facilitator', subject: 'subject', type: '$4', frame: '$5' })}
   )
   select facilitator, put.id,
     (select max(id) from outbox where peer = facilitator and subject = listener.subject) as after
   from listener, put`,
);

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
    const update = make(MachineSpecsUpdate, {
      miner_hotkey,
      validator_hotkey: this.keypair.address,
      specs: machine,
      batch_id: job_uuid,
    });
    const { message_type: type } = update;
    const frame = writeFrame(update);
    await this.database.single(async (tx) => {
      const [told] = await tell.run(tx.manager, [
        job_uuid,
        number,
        this.settings.facilitatorUris,
        type,
        frame,
      ]);
      if (!told) return;
      const { facilitator, id, after } = told;
      this.outbox.rung(tx, facilitator, [{ id, subject: job_uuid, type, frame, after }]);
    });
  }
}
