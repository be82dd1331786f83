import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Database, Outbox, PreparedStatement, type OutboxMessage, type Transaction } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { CancelJob, JobFinishedReceipt, make, type JobFinishedPayload } from '@horde/protocol';
import { MinerClient, type MinerAddress } from './miner-client.ts';
import type { MinerLink } from './miner-link.ts';
import type { SignedReceipt } from '../receipts/receipts.ts';

/** How often miners that did not get a receipt are called. @unit ms */
const sweepInterval = 60_000;
/** How long the run of the job tries itself. @unit seconds */
const runDelivers = 30;
/** How long a receipt that could not be delivered is kept. @unit hours */
const maxHours = 24;
/** How many miners are called at once, and how many messages each is given. */
const maxMiners = 50;
const maxMessages = 100;
/** How long a call may take to be answered. @unit ms */
const callLimit = 20_000;

/** The name under which frames for a miner wait in the outbox. */
const peerOf = (minerHotkey: string): string => `miner ${minerHotkey}`;

const waitingFor = (condition: string) =>
  new PreparedStatement<OutboxMessage>(
    `select id, subject, type, frame from outbox where peer = $1 ${condition} order by id limit $2`,
  );
const waiting = waitingFor('');
const waitingOf = waitingFor('and subject = $3');

/**
 * Sees that miners get the receipts of finished jobs, and learn which jobs they need not finish, also where the run
 * ended before it could tell them.
 */
@Injectable()
export class MinerDelivery implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly client: MinerClient,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const sweep = (age: number) =>
      void this.sweep(age).catch((error: unknown) =>
        this.logger.error({ error }, 'the receipts that miners did not get could not be handed over'),
      );
    this.timer = setInterval(() => sweep(runDelivers), sweepInterval);
    sweep(0);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    this.stopping.abort();
  }

  /** To be called in the transaction that ends the job. */
  async put(tx: Transaction, receipt: SignedReceipt<JobFinishedPayload>): Promise<void> {
    const { miner_hotkey, job_uuid } = receipt.payload;
    await this.outbox.put(tx, peerOf(miner_hotkey), job_uuid, make(JobFinishedReceipt, receipt));
  }

  /**
   * As `put`, before it: the validator has ended the job itself, and the miner is to do so too.
   *
   * @param why a sentence for people
   * @param by who wants it, as a part of a sentence
   */
  async cancel(
    tx: Transaction,
    minerHotkey: string,
    jobUuid: string,
    why: string,
    by = 'the validator',
  ): Promise<void> {
    const message = make(CancelJob, { job_uuid: jobUuid, cancelled_by: by.slice(0, 200), message: why });
    await this.outbox.put(tx, peerOf(minerHotkey), jobUuid, message);
  }

  /**
   * Gives the miner all that waits for it about this job.
   *
   * @returns false when the connection ended before
   */
  async give(link: MinerLink, minerHotkey: string, jobUuid: string): Promise<boolean> {
    return this.giveRows(
      link,
      await waitingOf.run(this.database.manager, [peerOf(minerHotkey), maxMessages, jobUuid]),
    );
  }

  /** @param age only for receipts that wait at least so long. @unit seconds */
  private async sweep(age: number): Promise<void> {
    await this.database.manager.query(
      `delete from outbox where peer like 'miner %' and created_at < now() - make_interval(hours => $1)`,
      [maxHours],
    );
    const miners = (await this.database.manager.query(
      `select hotkey, ip, port from (
         select distinct on (miner_hotkey) miner_hotkey as hotkey, miner_ip as ip, miner_port as port
         from outbox join attempt on attempt.uuid = subject::uuid
         where peer = 'miner ' || miner_hotkey and created_at <= now() - make_interval(secs => $1)
         order by miner_hotkey, started_at desc
       ) waiting order by random() limit $2`,
      [age, maxMiners],
    )) as MinerAddress[];
    await Promise.all(miners.map((miner) => this.call(miner)));
  }

  /** Never rejects: a miner that is away is called again. */
  private async call(miner: MinerAddress): Promise<void> {
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(callLimit)]);
    try {
      const rows = await waiting.run(this.database.manager, [peerOf(miner.hotkey), maxMessages]);
      const jobs = new Set(rows.map(({ subject }) => subject));
      const link = await this.client.connect(miner, {
        attempts: 1,
        signal,
        onMessage: () => undefined,
        numbered: {
          // What it still says about a job that has ended changes nothing. Of others nothing may be taken here.
          onMessage: async (_message, job) => {
            if (!jobs.has(job))
              throw new Error(`The miner speaks of the job ${job}, which it was not asked for.`);
          },
        },
      });
      const cut = () => link.terminate();
      signal.addEventListener('abort', cut);
      try {
        await this.giveRows(link, rows);
      } finally {
        signal.removeEventListener('abort', cut);
        link.close();
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.logger.debug({ miner: miner.hotkey }, `the miner cannot be given its receipts yet: ${why}`);
    }
  }

  private async giveRows(link: MinerLink, rows: OutboxMessage[]): Promise<boolean> {
    const given = await Promise.all(
      rows.map(async ({ id, subject, type, frame }) => {
        // Where jobs cannot be cancelled, the miner's own limits end them.
        const isKnown = link.takesCancels || type !== 'V0CancelJobRequest';
        const came = !isKnown || (await link.deliver(subject, type, frame));
        if (came) await this.outbox.delivered(id);
        return came;
      }),
    );
    return given.every(Boolean);
  }
}
