import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Database, Outbox, type Transaction } from '@horde/database';
import type { Logger } from '@horde/operations';
import { JobFinishedReceipt, make, type JobFinishedPayload } from '@horde/protocol';
import { MinerClient, type MinerAddress } from '../miner/miner-client.service.ts';
import type { SignedReceipt } from './receipts.service.ts';

/** How often miners are called that did not get a receipt. @unit ms */
const sweepInterval = 60_000;
/** For so long the run of the job tries itself. @unit seconds */
const leftToRun = 30;
/** A receipt that could not be handed over for so long is no longer tried. */
const mostHours = 24;
/** So many miners are called at once. */
const mostMiners = 50;
/** How long a call may take to be answered. @unit ms */
const callLimit = 20_000;

/** The name under which frames for a miner wait in the outbox. */
const peerOf = (minerHotkey: string): string => `miner ${minerHotkey}`;

/** Sees that miners get the receipts of finished jobs, also where the run ended before it could hand them over. */
@Injectable()
export class ReceiptHandover implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly client: MinerClient,
    @Inject('LOGGER') private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const sweep = (age: number) =>
      void this.sweep(age).catch((error: unknown) =>
        this.logger.error({ error }, 'the receipts that miners did not get could not be handed over'),
      );
    this.timer = setInterval(() => sweep(leftToRun), sweepInterval);
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

  /** The miner has been given the receipt of this job. */
  async done({ miner_hotkey, job_uuid }: { miner_hotkey: string; job_uuid: string }): Promise<void> {
    await this.database.transaction((tx) => this.outbox.settle(tx, peerOf(miner_hotkey), job_uuid));
  }

  /** @param age only for receipts that wait at least so long. @unit seconds */
  private async sweep(age: number): Promise<void> {
    await this.database.manager.query(
      `delete from outbox where peer like 'miner %' and created_at < now() - make_interval(hours => $1)`,
      [mostHours],
    );
    const miners = (await this.database.manager.query(
      `select hotkey, ip, port from (
         select distinct on (miner_hotkey) miner_hotkey as hotkey, miner_ip as ip, miner_port as port
         from outbox join job on job.uuid = subject::uuid
         where peer = 'miner ' || miner_hotkey and created_at <= now() - make_interval(secs => $1)
         order by miner_hotkey, started_at desc
       ) waiting order by random() limit $2`,
      [age, mostMiners],
    )) as MinerAddress[];
    await Promise.all(miners.map((miner) => this.call(miner)));
  }

  /** Never rejects: a miner that is away is called again. */
  private async call(miner: MinerAddress): Promise<void> {
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(callLimit)]);
    try {
      const connection = await this.client.connect(miner, {
        attempts: 1,
        signal,
        onMessage: () => undefined,
      });
      try {
        for (const row of await this.outbox.waiting(peerOf(miner.hotkey)))
          if (await connection.sendText(row.frame)) await this.outbox.delivered(row.id);
      } finally {
        connection.close(1000);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.logger.debug({ peer: miner.hotkey }, `the miner cannot be given its receipts yet: ${why}`);
    }
  }
}
