import { explainCommand } from '@horde/commands';
import { Decisions } from '../routing/decisions.ts';
import { explain } from '../routing/explain.ts';
import type { ValidatorContext } from './validator-context.ts';

export const Explain = explainCommand<ValidatorContext>({
  description:
    'show how a job got its miner, or why it got none: each candidate with what was for and against it',
  explain: async (context, uuid) => {
    const routing = await context.use((app) => app.get(Decisions).of(uuid));
    return routing && explain(routing);
  },
  unknown: () =>
    'It has not come, or it ended more than two days ago. The facilitator that it was created at has it for longer.',
});
