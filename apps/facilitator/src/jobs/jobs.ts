import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, Outbox, PreparedStatement, type Transaction } from '@horde/database';
import { errors, writeFrame, type NewJob } from '@horde/protocol';
import { FacilitatorSettings } from '../settings.ts';
import { FacilitatorConfig } from '../dynamic-config/facilitator-config.ts';
import { Channels, maxPythonFrame } from '../validators/channels.ts';
import { absenceLimit, answerLimit } from './deadline-rules.ts';
import { IdempotencyKeys, keyInUse } from './idempotency-keys.ts';
import { newJob } from './job-request.ts';
import { jobResource, type Piece } from './job-resource.ts';
import { readJobs, readText } from './job-rows.ts';
import { atOnce, Quotas } from './quotas.ts';
import { requireFresh } from './request-signature.ts';
import { storeJob, type Creation, type PreparedJob } from './store-job.ts';

/** What the signature does not cover tells whether it is the same request. */
const createdWith = new PreparedStatement<{ uuid: string; removed: boolean; differs: boolean }>(
  `select uuid, false as removed,
     (target_validator_hotkey, job_namespace, tag) is distinct from ($2::text, $3::text, $4::text) as differs
   from job where creation_key = $1
   union all select job_uuid, true, false from spent_request where creation_key = $1`,
);

const ofUser = new PreparedStatement('select from job where uuid = $1 and hotkey = $2');

/** How many jobs of a page are read at once. */
const batchSize = 16;

export interface CreatedJob {
  uuid: string;
  /** Its resource. */
  json: AsyncIterable<string | Buffer>;
}

/** Whom a job is for. */
interface Addressee {
  /** The largest frame that it reads. @unit bytes */
  maxFrame: number;
  /** How long it may leave the job unanswered. @unit seconds */
  answerWithin: number;
}

/** The jobs of users: creating, finding and reading them. */
@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly channels: Channels,
    private readonly idempotency: IdempotencyKeys,
    private readonly quotas: Quotas,
    private readonly settings: FacilitatorSettings,
    private readonly config: FacilitatorConfig,
  ) {}

  /**
   * Creates a job and has it sent to its validator. A signature creates one job: the same request again is the same job, so
   * that a user whose connection broke can repeat it; and so is one with the same Idempotency-Key.
   *
   * @throws Refusal 400 when the signature is too old for a new job, or of a time to come; 409 while another request with
   * the same Idempotency-Key is being handled; 429 when the user has used up a quota
   * @throws HordeError JOB_CREATION_DISABLED when the operator has switched it off, JOB_REMOVED when the request has created a job that is no longer kept, SIGNATURE_REUSED when its signature, IDEMPOTENCY_KEY_REUSED when
   * its Idempotency-Key has created another, VALIDATOR_… when the target validator is not there, JOB_TOO_LARGE when it could not read it
   */
  async create(creation: Creation): Promise<CreatedJob> {
    const key = creationKey(creation);
    let refusal: unknown = null;
    try {
      const job = await this.prepare(creation);
      const created = await this.database.single((tx) => this.store(tx, creation, key, job, atOnce));
      if (created) return created;
    } catch (error) {
      refusal = error;
    }
    // Most creations are new: what they may repeat is looked for where they could not be stored.
    const repeated = (await this.created(key, creation)) ?? (await this.idempotency.find(creation));
    if (repeated) return { uuid: repeated, json: this.resources([repeated]) };
    if (refusal) throw refusal;
    return this.createInTurn(creation, key);
  }

  /** Near a limit, and where another request has the same Idempotency-Key. */
  private async createInTurn(creation: Creation, key: Buffer): Promise<CreatedJob> {
    const job = await this.prepare(creation);
    const created = await this.database.transaction(async (tx) => {
      await this.quotas.enter(tx, creation.hotkey);
      return this.store(tx, creation, key, job, null);
    });
    if (created) return created;
    const repeated = await this.created(key, creation);
    if (!repeated) throw keyInUse();
    return { uuid: repeated, json: this.resources([repeated]) };
  }

  /** Stores a new job, and has it sent. Returns null when nothing was stored, see `storeJob`. */
  private async store(
    tx: Transaction,
    creation: Creation,
    creationKey: Buffer,
    prepared: PreparedJob,
    spare: number | null,
  ): Promise<CreatedJob | null> {
    const quota = this.quotas.parametersFor(creation.hotkey);
    const job = await storeJob(tx.manager, { ...prepared, creation, creationKey, quota, spare });
    if (!job) return null;
    this.outbox.rung(tx, creation.request.target_validator_hotkey, [job.told]);
    return { uuid: job.row.uuid, json: written(jobResource(job)) };
  }

  /** As `create`, without storing anything: the job as it would be sent. It throws what `create` throws for a new job. */
  async tryOut(creation: Creation): Promise<NewJob> {
    await this.quotas.check(creation.hotkey);
    return (await this.prepare(creation)).message;
  }

  private async prepare({
    request,
    signature,
  }: Pick<Creation, 'request' | 'signature'>): Promise<PreparedJob> {
    if (!this.config.get('ENABLE_ORGANIC_JOBS')) throw errors.JOB_CREATION_DISABLED();
    requireFresh(signature, this.settings);
    const message = newJob(randomUUID(), request, signature);
    const { maxFrame, answerWithin } = await this.addressee(request.target_validator_hotkey);
    const frame = writeFrame(message);
    const size = Buffer.byteLength(frame);
    if (size > maxFrame) throw errors.JOB_TOO_LARGE(size, maxFrame);
    return { message, frame, answerWithin };
  }

  /** Whether this is one of the user's jobs. */
  async has(hotkey: string, uuid: string): Promise<boolean> {
    return (await ofUser.run(this.database.manager, [uuid, hotkey])).length > 0;
  }

  /** The resources of jobs as JSON, with commas between them. What is in memory at a time does not depend on their size. */
  async *resources(uuids: string[]): AsyncGenerator<string | Buffer> {
    let isFirst = true;
    for (let at = 0; at < uuids.length; at += batchSize) {
      for (const job of await readJobs(this.database, uuids.slice(at, at + batchSize))) {
        if (!isFirst) yield ',';
        isFirst = false;
        for (const piece of jobResource(job)) {
          if (typeof piece === 'string') yield piece;
          else yield* readText(this.database, piece);
        }
      }
    }
  }

  /** A validator that gets a job now, or is back in a moment. */
  private async addressee(hotkey: string): Promise<Addressee> {
    const channel = await this.channels.newest(hotkey);
    if (channel) return { maxFrame: channel.maxFrame, answerWithin: answerLimit(channel.extensions) };
    const answerWithin = absenceLimit(this.settings.validatorGracePeriod);
    const { isComing, isKnown, isActive, lastSeen, maxFrame } = await this.channels.absence(hotkey);
    if (maxFrame !== null) return { maxFrame, answerWithin };
    if (isComing) return { maxFrame: maxPythonFrame, answerWithin }; // by how it connects it tells whether it reads more
    const shown = hotkey.slice(0, 100);
    if (!isKnown) throw errors.VALIDATOR_UNKNOWN(shown);
    if (!isActive) throw errors.VALIDATOR_INACTIVE(shown);
    throw lastSeen === null
      ? errors.VALIDATOR_NEVER_CONNECTED(shown)
      : errors.VALIDATOR_GONE(shown, lastSeen);
  }

  /** The job that was created with this key; null: none was. @throws HordeError JOB_REMOVED, SIGNATURE_REUSED */
  private async created(key: Buffer, { request }: Creation): Promise<string | null> {
    const { target_validator_hotkey: validator, job_namespace: namespace, tag } = request;
    const [row] = await createdWith.run(this.database.manager, [key, validator, namespace, tag]);
    if (row?.removed) throw errors.JOB_REMOVED(row.uuid);
    if (row?.differs) throw errors.SIGNATURE_REUSED(row.uuid);
    return row?.uuid ?? null;
  }
}

/** The body is not part of it: whoever has overheard a signature could vary what that does not cover. */
function creationKey({ hotkey, signature }: Creation): Buffer {
  const hash = createHash('sha256').update(`${hotkey}\n${signature.signatory}\n${signature.timestamp_ns}\n`);
  return hash.update(Buffer.from(signature.signature, 'base64')).digest();
}

/** Of a job that is in memory, all pieces are texts. */
async function* written(pieces: Piece[]): AsyncGenerator<string> {
  yield (pieces as string[]).join('');
}
