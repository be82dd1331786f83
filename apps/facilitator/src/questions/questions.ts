import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Database, Doorbell } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import {
  answerLimit,
  errors,
  maxQuestions,
  validatorToFacilitator,
  writeFrame,
  type QuestionAnswer,
} from '@horde/protocol';
import { comeAgain } from '@horde/rest';
import { Channels } from '../validators/channels.ts';

/** A user may ask so often within this time, whichever replica. @unit seconds */
const [maxAsked, askedWithin] = [20, 10];
/** How often an answer that was not rung for is looked for. @unit ms */
const sweepInterval = 1_000;
/** Longer answers are not kept. @unit characters */
const maxAnswer = 256 * 1024;
/** Questions and their answers are kept for this long. */
const keptFor = `interval '1 minute'`;

/** A question that lacks its name. */
type Question = { question_uuid: string; message_type: string };

/** A connection that questions are asked over. */
interface OpenLink {
  validator: string;
  send: (frame: string) => void;
  /** Questions that have no answer yet, each with when it is given up. @unit ms since the process began */
  asked: Map<string, number>;
  /** Whether it is looked for questions now; `again`: and once more afterwards. */
  looking: 'no' | 'once' | 'again';
}

/**
 * Asks validators that speak `ask-1`. A question waits in the database for the replica that has the validator's connection,
 * and its answer for the one that asks.
 */
@Injectable()
export class Questions implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly links = new Map<string, OpenLink>();
  /** Who waits for the answers to these. */
  private readonly waiting = new Map<string, () => void>();
  private endings: (() => void)[] = [];

  constructor(
    private readonly database: Database,
    private readonly bell: Doorbell,
    private readonly channels: Channels,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.endings = [
      this.bell.on('question', (validator) => this.sendWaiting(validator)),
      this.bell.on('answer', (uuid) => {
        if (uuid === null) for (const look of this.waiting.values()) look();
        else this.waiting.get(uuid)?.();
      }),
    ];
  }

  onApplicationShutdown(): void {
    for (const end of this.endings) end();
  }

  /**
   * Asks a validator something for a user.
   *
   * @param asker the user's hotkey
   * @throws HordeError VALIDATOR_CANNOT_ANSWER, VALIDATOR_DID_NOT_ANSWER
   * @throws Refusal 429 when the user asks too often
   */
  async ask(asker: string, validator: string, question: Question): Promise<QuestionAnswer> {
    const channel = await this.channels.newest(validator);
    if (!channel?.extensions.includes('ask-1')) throw errors.VALIDATOR_CANNOT_ANSWER(validator);
    question.question_uuid = randomUUID();
    const answered = this.answerTo(question.question_uuid);
    try {
      await this.put(asker, validator, question);
      const answer = await answered.promise;
      if (answer === null) throw errors.VALIDATOR_DID_NOT_ANSWER(validator, answerLimit / 1_000);
      return validatorToFacilitator.read(answer).message as QuestionAnswer;
    } finally {
      answered.end();
    }
  }

  /** Questions go out over this connection, too, until it is closed. */
  open(channelId: string, validator: string, send: (frame: string) => void): void {
    this.links.set(channelId, { validator, send, asked: new Map(), looking: 'no' });
    this.sendWaiting(validator);
  }

  close(channelId: string): void {
    this.links.delete(channelId);
  }

  /** Keeps a validator's answer for the replica that waits for it; of anything else nothing becomes. */
  async answered(validator: string, answer: QuestionAnswer): Promise<void> {
    const { question_uuid: uuid } = answer;
    const link = [...this.links.values()].find(({ asked }) => asked.has(uuid));
    const text = writeFrame(answer);
    if (link?.validator !== validator || text.length > maxAnswer) return;
    link.asked.delete(uuid);
    await this.database.transaction(async (tx) => {
      await tx.manager.query('update question set answer = $2 where uuid = $1 and answer is null', [
        uuid,
        text,
      ]);
      this.bell.ring(tx, 'answer', uuid);
    });
    await this.send(link);
  }

  private async put(asker: string, validator: string, question: Question): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { manager } = tx;
      await manager.query(`delete from question where asked_at < clock_timestamp() - ${keptFor}`);
      const put = await manager.query<unknown[]>(
        `insert into question (uuid, asker, validator_hotkey, frame) select $1, $2, $3, $4
         where $5 > (select count(*) from question
                     where asker = $2 and asked_at > clock_timestamp() - interval '${askedWithin} seconds')
         returning 1`,
        [question.question_uuid, asker, validator, writeFrame(question), maxAsked],
      );
      if (put.length === 0) throw comeAgain(errors.TOO_MANY_QUESTIONS(maxAsked), askedWithin);
      this.bell.ring(tx, 'question', validator);
    });
  }

  /** Waits for an answer, from now on. `promise`: null when none comes in time. */
  private answerTo(uuid: string): { promise: Promise<string | null>; end: () => void } {
    const { promise, resolve, reject } = Promise.withResolvers<string | null>();
    promise.catch(() => undefined);
    const look = () =>
      void this.database.manager
        .query<{ answer: string }[]>('select answer from question where uuid = $1 and answer is not null', [
          uuid,
        ])
        .then(([row]) => row && resolve(row.answer), reject);
    this.waiting.set(uuid, look);
    const sweep = setInterval(look, sweepInterval);
    const limit = setTimeout(() => resolve(null), answerLimit);
    const end = () => {
      clearInterval(sweep);
      clearTimeout(limit);
      this.waiting.delete(uuid);
    };
    return { promise, end };
  }

  /** @param validator null: any */
  private sendWaiting(validator: string | null): void {
    for (const link of this.links.values())
      if (validator === null || link.validator === validator)
        this.send(link).catch((error: unknown) =>
          this.logger.error({ error, validator: link.validator }, 'a question could not be asked'),
        );
  }

  /** One look at a time: two would ask more at once than may be. */
  private async send(link: OpenLink): Promise<void> {
    if (link.looking !== 'no') return void (link.looking = 'again');
    try {
      do {
        link.looking = 'once';
        await this.sendSome(link);
      } while ((link.looking as OpenLink['looking']) === 'again');
    } finally {
      link.looking = 'no';
    }
  }

  private async sendSome(link: OpenLink): Promise<void> {
    const now = performance.now();
    for (const [uuid, until] of link.asked) if (until < now) link.asked.delete(uuid);
    const room = maxQuestions - link.asked.size;
    if (room <= 0) return;
    const [rows] = await this.database.manager.query<[{ uuid: string; frame: string }[], number]>(
      `update question set sent_at = clock_timestamp() where uuid in (
         select uuid from question
         where validator_hotkey = $1 and sent_at is null and asked_at > clock_timestamp() - make_interval(secs => $2)
         order by asked_at limit $3 for update skip locked
       ) returning uuid, frame`,
      [link.validator, answerLimit / 1_000, room],
    );
    for (const { uuid, frame } of rows) {
      link.asked.set(uuid, now + answerLimit);
      link.send(frame);
    }
  }
}
