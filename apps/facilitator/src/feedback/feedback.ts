import { Injectable } from '@nestjs/common';
import { Database, GatheredBell } from '@horde/database';
import { writeFrame, type RequestSignature } from '@horde/protocol';

/** What a user says of how a job went. */
export interface JobFeedback {
  /** From 0, wrong, to 1, right. */
  result_correctness: number;
  /** How long the user had expected it to take; null: not said. @unit seconds */
  expected_duration: number | null;
}

/** The feedback of users: once for each job, and nobody else's. */
@Injectable()
export class Feedback {
  constructor(
    private readonly database: Database,
    private readonly bell: GatheredBell,
  ) {}

  /** Stores a user's feedback. Returns false when there is no such job of this user, or feedback already. */
  async leave(
    hotkey: string,
    uuid: string,
    feedback: JobFeedback,
    signature: RequestSignature,
  ): Promise<boolean> {
    const rows = await this.database.manager.query<unknown[]>(
      `insert into job_feedback (job_uuid, result_correctness, expected_duration, signature)
       select uuid, $3, $4, $5 from job where uuid = $1 and hotkey = $2
       on conflict do nothing returning 1`,
      [uuid, hotkey, feedback.result_correctness, feedback.expected_duration, writeFrame(signature)],
    );
    if (rows.length > 0) this.bell.ring('feedback');
    return rows.length > 0;
  }

  /** null: there is none of this user for such a job. */
  async find(hotkey: string, uuid: string): Promise<JobFeedback | null> {
    const [row] = await this.database.manager.query<JobFeedback[]>(
      `select result_correctness, expected_duration from job_feedback join job on uuid = job_uuid
       where uuid = $1 and hotkey = $2`,
      [uuid, hotkey],
    );
    return row ?? null;
  }
}
