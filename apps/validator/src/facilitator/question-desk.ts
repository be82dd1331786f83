import { TokenBucket } from '@horde/async';
import type { Logger } from '@horde/operations';
import {
  make,
  maxQuestions,
  QuestionRefused,
  type DescribeJobRequest,
  type DryRunRequest,
  type QuestionAnswer,
} from '@horde/protocol';
import type { Questions } from '../jobs/questions.ts';

/** Questions a second, and how many more at once. */
const rate = { perSecond: 20, burst: 40 };

/** Answers the questions of one facilitator, one at a time: what is read for them must not keep jobs waiting. */
export class QuestionDesk {
  private readonly bucket = new TokenBucket(rate.perSecond, rate.burst);
  private waiting = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly questions: Questions,
    /** The address of the facilitator. */
    private readonly facilitator: string,
    private readonly logger: Logger,
  ) {}

  /** Never rejects. */
  async answer(question: DryRunRequest | DescribeJobRequest): Promise<QuestionAnswer> {
    const refused = (sentence: string) =>
      make(QuestionRefused, { question_uuid: question.question_uuid, sentence });
    if (this.waiting >= maxQuestions || !this.bucket.tryTake())
      return refused('The validator is asked too much. Try again in a few seconds.');
    this.waiting++;
    try {
      const answer = this.last.then(() => this.find(question));
      this.last = answer.catch(() => undefined);
      return (await answer) ?? refused('The validator knows no such job of this facilitator.');
    } catch (error) {
      this.logger.error({ error, facilitator: this.facilitator }, 'a question could not be answered');
      return refused('The validator failed to answer.');
    } finally {
      this.waiting--;
    }
  }

  private find(question: DryRunRequest | DescribeJobRequest): Promise<QuestionAnswer | null> {
    return question.message_type === 'V0DryRunRequest'
      ? this.questions.dryRun(question)
      : this.questions.describe(question, this.facilitator);
  }
}
