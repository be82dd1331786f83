import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { untilDone } from '@horde/async';
import { LastDone } from '@horde/metrics';
import { LOGGER, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import type { ServiceSettings } from '@horde/settings';
import { backUp, backupsOf, type Backups } from './backups.ts';

/** How often it is looked whether a backup is due: one that failed is tried again as soon. @unit ms */
const interval = 3_600_000;
/** How old the last one is when the next is due. @unit seconds */
const due = 23.5 * 3_600;
/** Before the store of the queues is asked again. */
const pauses = { first: 1_000, max: 30_000 };

const BACKUPS = Symbol('backups');

/** Has a backup made each day, by one process of the service, where the settings name a place for it. */
@Injectable()
class BackupSchedule implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();

  constructor(
    @Inject(BACKUPS) private readonly backups: Backups | null,
    private readonly lastDone: LastDone,
    private readonly queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { backups } = this;
    if (backups === null) return this.lastDone.forget('backup');
    const isFirst = !('backup' in (await this.lastDone.ages()));
    await this.lastDone.expect('backup');
    const queue = this.queues.open('backup');
    queue.work((id) => this.make(backups, id === 'first'), {
      onError: (error) =>
        this.logger.error({ error }, 'no backup could be made; it is tried again in an hour'),
    });
    const setUp = async (): Promise<void> => {
      await queue.every('again', interval);
      if (isFirst) await queue.ring('first');
    };
    const failed = (error: unknown) => this.logger.warn({ error }, 'backups are not scheduled yet');
    // Beside everything else: nobody waits for a store of queues that is away because backups are made.
    void untilDone(setUp, pauses, failed, this.stopping.signal);
  }

  onApplicationShutdown(): void {
    this.stopping.abort();
  }

  private async make(backups: Backups, isFirst: boolean): Promise<void> {
    const { backup: age = Infinity } = await this.lastDone.ages();
    if (age < due && !isFirst) return;
    const { name, size } = await backUp(backups);
    await this.lastDone.note('backup');
    this.logger.info({ backup: name, bytes: size }, 'a backup was made');
  }
}

/** @throws SettingsError where the settings say half of it */
export const backupParts = (service: string, settings: ServiceSettings): Provider[] => [
  { provide: BACKUPS, useValue: backupsOf(service, settings) },
  BackupSchedule,
];
