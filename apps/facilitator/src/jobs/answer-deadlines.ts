import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { Extension } from '@horde/protocol';
import { FacilitatorSettings } from '../settings.ts';
import { absenceLimit, answerLimit, longestUnanswered } from './deadline-rules.ts';

/** A validator's jobs that it has not answered, and that still go to its next connection. */
const unanswered = `target_validator_hotkey = $1 and status = 'sent' and overdue_at is not null
  and created_at > clock_timestamp() - interval '${longestUnanswered} seconds'`;
const from = (seconds: string) => `clock_timestamp() + make_interval(secs => ${seconds})`;
const atLatest = `created_at + interval '${longestUnanswered} seconds'`;

/** Until when a job's validator has to answer it: counted from the moment when it could have the job. */
@Injectable()
export class AnswerDeadlines {
  constructor(
    private readonly database: Database,
    private readonly settings: FacilitatorSettings,
  ) {}

  /** A validator has connected, and gets what it has not answered. @param spoken on the new connection */
  async connected(validator: string, spoken: readonly Extension[]): Promise<void> {
    await this.database.manager.query(
      `update job set overdue_at = least(${from('$2')}, ${atLatest}) where ${unanswered}`,
      [validator, answerLimit(spoken)],
    );
  }

  /** A connection has ended. What was on its way then, the validator does not have, and gets with its next one. */
  async disconnected(validator: string): Promise<void> {
    await this.database.manager.query(
      `update job set overdue_at = least(greatest(overdue_at, ${from('$2')}), ${atLatest}) where ${unanswered}`,
      [validator, absenceLimit(this.settings.validatorGracePeriod)],
    );
  }
}
