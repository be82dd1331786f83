import { explainCommand, explainPage } from '@horde/commands';
import { Database } from '@horde/database';
import { fresh } from '../validators/channels.ts';
import { JobPages } from '../panel/job-page.ts';
import type { FacilitatorContext } from './facilitator-context.ts';

interface Delivery {
  isConnected: boolean;
  /** How many messages about the job its validator has not taken yet. */
  untaken: number;
}

export const Explain = explainCommand<FacilitatorContext>({
  description: 'show where a job is, since when and why, and whether its validator has taken it',
  troubled: `select uuid, status, created_at as since from job
    where overdue_at is not null and status in ('sent', 'received')
      or created_at > now() - interval '1 hour' and status in ('rejected', 'horde_failed')`,
  database: (context, work) => context.use((app) => work(app.get(Database))),
  explain: (context, uuid) =>
    context.use(async (app) => {
      const page = await app.get(JobPages).find(uuid);
      if (!page) return null;
      const validator = page.target_validator_hotkey;
      const [delivery] = await app.get(Database).manager.query<[Delivery]>(
        `select exists (select from channel where validator_hotkey = $1 and ${fresh}) as "isConnected",
           (select count(*)::int from outbox where peer = $1 and subject = $2) as untaken`,
        [validator, uuid],
      );
      const { isConnected, untaken } = delivery;
      const messages = untaken === 1 ? 'one message' : `${untaken} messages`;
      const waiting = untaken === 0 ? '' : `; it has not taken ${messages} about the job yet`;
      return explainPage(page, {
        user: page.hotkey,
        validator: `${validator}, ${isConnected ? 'connected' : 'not connected'}${waiting}`,
        image: page.docker_image || null,
        'trusted miner': page.on_trusted_miner ? 'asked for' : null,
        cancelled: page.cancelled_at,
        transfers: page.transfers.map(transferOf).join(', ') || null,
        artifacts: page.artifacts.map(({ name, size }) => `${name} (${size} bytes)`).join(', ') || null,
      });
    }),
  unknown: (context) =>
    `It was not created here, or it ended more than ${context.settings().jobRetention} days ago (JOB_RETENTION_DAYS).`,
});

const transferOf = ({
  stage,
  name,
  done,
  total,
}: {
  stage: string;
  name: string;
  done: number;
  total: number | null;
}) => `${stage} of ${name}: ${done}${total === null ? '' : ` of ${total}`} bytes`;
