import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import {
  DeclineJob,
  declineReasonFor,
  make,
  parseJson,
  type JobRequest,
  type JsonObject,
} from '@horde/protocol';
import { EXECUTOR_LINK, VALIDATOR_LINK } from '../tokens.ts';
import { JobSignature } from './job-signature.ts';
import { Jobs } from './jobs.ts';
import type { ExecutorLink, ValidatorLink } from './links.ts';
import type { Received } from './received.ts';

/** Takes in what jobs are to run, and passes it to their executors. */
@Injectable()
export class JobPayloads {
  constructor(
    private readonly jobs: Jobs,
    private readonly signature: JobSignature,
    @Inject(VALIDATOR_LINK) private readonly validators: ValidatorLink,
    @Inject(EXECUTOR_LINK) private readonly executors: ExecutorLink,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async receive(request: JobRequest, from: Received, json: JsonObject) {
    const { session, text } = from;
    const uuid = request.job_uuid;
    const job = await this.jobs.find(uuid);
    if (job?.validator_hotkey !== session.hotkey)
      return session.sendError(`This miner has no job ${uuid} of yours.`);
    this.validators.name(session, uuid);
    // It may have been stored by an attempt that failed before its executor was rung for.
    if (job.job_request !== null) this.executors.ring(uuid);
    if (job.job_request !== null || job.ended_at) return;
    if (request.volume && hasVolume(job.initial_request)) {
      return session.sendError(
        `The job ${uuid} has a volume in its initial request and another in its job request.`,
      );
    }
    const refusal = await this.signature.refusal(request.validator_signature, json, session.hotkey);
    if (refusal) {
      const signs = request.validator_signature !== null;
      if (!signs) await session.sendError(refusal.message);
      const decline = make(DeclineJob, {
        job_uuid: uuid,
        reason: declineReasonFor('invalid_signature', signs),
        message: refusal.message,
      });
      if (await this.jobs.advance(job, 'rejected', decline)) this.executors.stop(uuid);
      return;
    }
    if (!(await this.jobs.setPayload(uuid, text))) return;
    this.logger.info('job request stored');
    this.executors.ring(uuid);
  }
}

const hasVolume = (initialRequest: string): boolean =>
  ((parseJson(initialRequest) as JsonObject).get('volume') ?? null) !== null;
