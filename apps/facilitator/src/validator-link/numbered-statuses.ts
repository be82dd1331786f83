import { Batches } from '@horde/database';
import type { Pending } from '@horde/transport';
import type { JobStatuses, StatusSaid, UpdateResult } from '../jobs/job-statuses.ts';

/** How many are stored together: as many as a validator may send without an acknowledgement. */
const maxBatch = 64;

interface Numbered {
  /** What its number counts under. */
  name: string;
  said: StatusSaid;
}

/**
 * What a validator says about its jobs on one `durable-1` connection: what comes while some is being stored is stored
 * together, in one transaction, and acknowledged once for each job.
 */
export class NumberedStatuses {
  private last: Promise<boolean> = Promise.resolve(true);
  private failed = false;
  private readonly batches = new Batches((all: Numbered[]) => this.store(all), maxBatch);

  constructor(
    private readonly validator: string,
    private readonly statuses: JobStatuses,
    private readonly onStored: (said: StatusSaid, result: UpdateResult) => void,
    /** Called once. The connection is to be closed: its validator says again what has not been acknowledged. */
    private readonly onError: (error: unknown) => void,
  ) {}

  take(name: string, said: StatusSaid): Pending {
    const committed = this.batches.add({ name, said }).catch((error: unknown) => {
      if (!this.failed) this.onError(error);
      this.failed = true;
      return false;
    });
    this.last = committed;
    return { committed };
  }

  /** What has been handled otherwise: an acknowledgement would tell also of what came before it. */
  behind(): Pending {
    return { committed: this.last.then(() => !this.failed) };
  }

  /** Returns for each whether it is to be acknowledged: the last of each job is. */
  private async store(all: Numbered[]): Promise<boolean[]> {
    // A later status of the same job would be taken, and this one missed for good.
    if (this.failed) throw new Error('One that came before could not be stored.');
    const results = await this.statuses.updateAll(
      this.validator,
      all.map(({ said }) => said),
    );
    all.forEach(({ said }, at) => this.onStored(said, results[at]!));
    const lastOf = new Map(all.map(({ name }, at) => [name, at]));
    return all.map(({ name }, at) => lastOf.get(name) === at);
  }
}
