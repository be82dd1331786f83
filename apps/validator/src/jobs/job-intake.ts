import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { isRetryable } from '@horde/database';
import { LOGGER, type Logger, withLogContext } from '@horde/operations';
import { errors, type NewJob, isCanonicalUuid } from '@horde/protocol';
import { ValidatorSettings } from '../settings.ts';
import { Whitelist } from '../whitelist/whitelist.ts';
import { Jobs } from './jobs.ts';
import { rejected, unreadable } from './outcome.ts';
import { jobAgeProblem, jobSignatureProblem, signedDigestOf } from './request-signature.ts';

/** The pauses before a job is tried to be stored again while the database is away. @unit ms */
const storePauses = [100, 500, 2_000, 5_000];

/** Takes jobs from the facilitator: checks who signed them, stores them, and has them driven. */
@Injectable()
export class JobIntake {
  constructor(
    private readonly jobs: Jobs,
    private readonly whitelist: Whitelist,
    private readonly settings: ValidatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Rejects a job that cannot be read: one of a newer facilitator, perhaps.
   *
   * @param frame the text that it came in
   * @param problem what is wrong with it
   * @param facilitator the address of the one that sent it
   */
  async refuse(uuid: string, frame: string, problem: string, facilitator: string): Promise<void> {
    if (!isCanonicalUuid(uuid)) return;
    const request = { uuid, executor_class: '', signature: null, facilitator };
    await this.persistently(async () => void (await this.jobs.receive(request, frame, unreadable(problem))));
  }

  /**
   * A job that is known already changes nothing.
   *
   * @param frame the text that `request` was read from
   * @param facilitator the address of the one that sent it
   */
  async receive(request: NewJob, frame: string, facilitator: string): Promise<void> {
    await withLogContext({ job: request.uuid }, async () => {
      if (!isCanonicalUuid(request.uuid)) {
        return this.logger.warn(
          'the job is ignored: its uuid is not in the canonical form, which receipts need',
        );
      }
      await this.persistently(() => this.store(request, frame, facilitator));
    });
  }

  private async store(request: NewJob, frame: string, facilitator: string): Promise<void> {
    const { jobMaxAge, jobWaitLimit } = this.settings;
    const problem =
      (await jobSignatureProblem(request, (hotkey) => this.whitelist.has(hotkey))) ??
      jobAgeProblem(request, jobMaxAge, Date.now());
    const rejection = problem === null ? null : rejected(errors.BAD_JOB_SIGNATURE(problem));
    const fate = rejection ?? {
      wanted: request,
      waitLimit: jobWaitLimit,
      signedDigest: signedDigestOf(request),
    };
    const job = { ...request, facilitator };
    if (!(await this.jobs.receive(job, frame, fate))) return this.logger.info('the job is known already');
    if (problem !== null) return this.logger.warn(`the job was rejected: ${problem}`);
    this.logger.info({ class: request.executor_class, image: request.docker_image }, 'the job was received');
  }

  /** The facilitator sends a job once: a database that is away for a moment must not lose it. */
  private async persistently(work: () => Promise<void>): Promise<void> {
    for (const pause of storePauses) {
      try {
        return await work();
      } catch (error) {
        if (!isRetryable(error)) throw error;
        this.logger.warn({ error }, 'the job could not be stored; trying again');
        await sleep(pause);
      }
    }
    await work();
  }
}
