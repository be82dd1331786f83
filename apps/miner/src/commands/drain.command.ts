import { pause, steadyNow } from '@horde/async';
import { UsageError } from '@horde/commands';
import { Database, Doorbell } from '@horde/database';
import { Command, Option } from 'nest-commander';
import { drainChannel } from '../jobs/draining.ts';
import { MinerCommand } from './miner-command.ts';

/** How often it is asked for, and looked. @unit ms */
const interval = 2_000;
/** How long one asking holds: whoever stops the miner has this long afterwards. @unit seconds */
const held = 60;
/** How long it waits unless something else is said. @unit seconds */
const usualLimit = 3_600;

@Command({
  name: 'drain',
  description:
    'have the running miner take no new jobs and end its warm executors, and wait until none runs: exit code 0. At the limit, or interrupted, it takes jobs again: 1',
})
export class Drain extends MinerCommand {
  override async run(_words: string[], { within = usualLimit }: { within?: number } = {}): Promise<void> {
    const { print, signal } = this.context;
    await this.context.use(async (app) => {
      const [database, doorbell] = [app.get(Database), app.get(Doorbell)];
      const ask = (seconds: number) =>
        database.transaction(async (tx) => doorbell.ring(tx, drainChannel, String(seconds)));
      const end = steadyNow() + within * 1000;
      let said = '';
      let done = false;
      try {
        while (!done) {
          await ask(held);
          // A job that was just being taken is stored by then.
          await pause(interval, signal);
          const { jobs, warm } = await running(database);
          done = jobs === 0 && warm === 0;
          const sentence = done
            ? `No job runs. None is taken for ${held} s more: stop the miner now.`
            : `Waits for ${count(jobs, 'job')} and ${count(warm, 'warm executor')}.`;
          if (sentence !== said) print(sentence);
          said = sentence;
          if (!done && steadyNow() >= end)
            throw new Error(`They did not end in ${within} s. New jobs are taken again.`);
        }
      } finally {
        if (!done) await ask(0);
      }
    });
  }

  @Option({
    flags: '--within <seconds>',
    description: `how long to wait at most (default: ${usualLimit})`,
  })
  within(seconds: string): number {
    if (!/^\d{1,6}$/.test(seconds)) throw new UsageError(`${seconds} is no whole number of seconds.`);
    return Number(seconds);
  }
}

async function running(database: Database): Promise<{ jobs: number; warm: number }> {
  const [row] = await database.manager.query<[{ jobs: number; warm: number }]>(
    `select (select count(*)::int from job where slot_held) as jobs,
            (select count(*)::int from warm_executor) as warm`,
  );
  return row;
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
