import { explainCommand } from '@horde/commands';
import { Database } from '@horde/database';
import { Decisions } from '../routing/decisions.ts';
import { explain } from '../routing/explain.ts';
import type { ValidatorContext } from './validator-context.ts';

export const Explain = explainCommand<ValidatorContext>({
  description:
    'show how a job got its miner, or why it got none: each candidate with what was for and against it',
  troubled: `select uuid, status, coalesce(ended_at, waits_since) as since from job
    where waits_since is not null
      or ended_at > now() - interval '1 hour' and status in ('rejected', 'horde_failed')`,
  database: (context, work) => context.use((app) => work(app.get(Database))),
  explain: async (context, uuid) => {
    const routing = await context.use((app) => app.get(Decisions).of(uuid));
    return routing && explain(routing);
  },
  unknown: () =>
    'It has not come, or it ended more than two days ago. The facilitator that it was created at has it for longer.',
});
