import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ValidatorPlace } from '../../../apps/validator/src/testing/running-validator.ts';
import { newJob, ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { ServiceBundle, type ServiceProcess } from '@horde/testing/service-bundle';
import { withPostgres } from '../miner/with-postgres.ts';
import { BenchMiner, executorClass } from './miners.ts';

export interface NetworkOptions {
  miners: number;
  /** Of each miner. */
  executors: number;
  durable: boolean;
  holds: boolean;
}

/** The validator's real bundle in a process of its own, and in this one a facilitator, a chain and miners. */
export interface BenchNetwork {
  validator: ServiceProcess;
  miners: BenchMiner[];
  /** Sends so many jobs. @returns their uuids */
  send: (count: number) => Promise<string[]>;
  /** Resolves when the validator has so many jobs of a status that do not wait (or that do). */
  until: (count: number, status: string, waiting?: boolean) => Promise<void>;
}

export function withNetwork<T>(
  { miners: count, ...options }: NetworkOptions,
  work: (network: BenchNetwork) => Promise<T>,
): Promise<T> {
  return withPostgres(async () => {
    const place = await ValidatorPlace.make();
    const facilitator = new ScriptedFacilitator(place.keypair.address);
    const pylon = new ScriptedPylon();
    const miners = Array.from({ length: count }, () => new BenchMiner(options));
    const peers = [facilitator, pylon, ...miners];
    await Promise.all(peers.map((peer) => peer.start()));
    pylon.neurons = miners.map(({ keypair, port }) => ({ hotkey: keypair.address, port }));
    const bundle = await ServiceBundle.build('validator');
    const validator = bundle.run(
      place.environment({
        FACILITATOR_URI: facilitator.uri,
        PYLON_ADDRESS: pylon.address,
        JOB_WAIT_LIMIT: '3600',
        // Some of these jobs are held for long.
        DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME: '3600',
      }),
    );
    const many = async (text: string, values: unknown[], wanted: number) => {
      for (let found = -1; found < wanted;) {
        await sleep(found < 0 ? 0 : 100);
        found = (await place.query<{ count: number }>(text, values))[0]!.count;
      }
    };
    try {
      await facilitator.logins.first(() => true, 0, 60_000);
      await many('select count(*)::int as count from miner_manifest', [], count);
      return await work({
        validator,
        miners,
        send: async (jobs) => {
          const all = Array.from({ length: jobs }, () =>
            newJob(randomUUID(), place.keypair, { executor_class: executorClass }),
          );
          for (const job of all) await facilitator.send(job);
          return all.map(({ uuid }) => uuid);
        },
        until: (wanted, status, waiting = false) =>
          many(
            'select count(*)::int as count from job where status = $1 and (waits_since is not null) = $2',
            [status, waiting],
            wanted,
          ),
      });
    } finally {
      await validator.kill('SIGKILL');
      await bundle.remove();
      await Promise.all(peers.map((peer) => peer.stop()));
      await place.remove();
    }
  });
}
