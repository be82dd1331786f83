import { setTimeout as sleep } from 'node:timers/promises';
import { HordeClient } from '@horde/sdk';
import { Keypair } from '@horde/identity';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startFacilitator,
  type RunningFacilitator,
} from '../../apps/facilitator/src/testing/running-facilitator.ts';

/** How many users follow their jobs, how many jobs they all create in a second, and for how many seconds. */
const [users, perSecond, seconds] = (process.env['EVENT_STREAMS'] ?? '20 10 3').split(' ').map(Number) as [
  number,
  number,
  number,
];
const path = [
  'sent',
  'received',
  'accepted',
  'executor_ready',
  'volumes_ready',
  'execution_done',
  'completed',
];

describe(`${users} users who create ${perSecond} jobs a second and follow them by events`, () => {
  const validatorKey = Keypair.generate();
  let facilitator: RunningFacilitator;
  let clients: HordeClient[];

  beforeAll(async () => {
    facilitator = await startFacilitator([validatorKey.address], { maxLoginsPerAddress: 0 });
    const hotkeys = Array.from({ length: users }, () => Keypair.generate());
    for (const { address } of hotkeys) await facilitator.allow(address);
    clients = hotkeys.map(
      (hotkey) =>
        new HordeClient({
          facilitatorUrl: facilitator.url,
          hotkey,
          validatorHotkey: validatorKey.address,
        }),
    );
    void drive(await ScriptedValidator.logIn(facilitator.url, validatorKey));
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await facilitator.stop();
  });

  it(
    'hear each status and each byte once, in order, and no job is lost or doubled',
    async () => {
      const jobs: Promise<{ uuid: string; statuses: string[]; output: string }>[] = [];
      const begin = performance.now();
      for (let number = 0; number < perSecond * seconds; number++) {
        await sleep(Math.max(0, begin + (number * 1_000) / perSecond - performance.now()));
        jobs.push(follow(clients[number % users]!, number));
      }
      const followed = await Promise.all(jobs);
      followed.forEach(({ statuses, output }, number) => {
        expect(statuses).toEqual(path);
        expect(output).toBe(`job ${number}\n`);
      });
      expect(new Set(followed.map(({ uuid }) => uuid)).size).toBe(jobs.length);
      const stored = await facilitator.database.manager.query<unknown[]>('select from job');
      expect(stored).toHaveLength(jobs.length);
    },
    60_000 + seconds * 10_000,
  );
});

/** Creates a job and follows it to its end. */
async function follow(client: HordeClient, number: number) {
  const job = await client.createJob({
    executorClass: 'always_on.test',
    jobNamespace: 'SN1.0',
    dockerImage: 'alpine',
    args: ['echo', `job ${number}`],
    downloadTimeLimit: 1,
    executionTimeLimit: 2,
    uploadTimeLimit: 1,
  });
  const statuses: string[] = [];
  let output = '';
  for await (const event of job.events()) {
    if (event.type === 'status') statuses.push(event.status);
    if (event.type === 'output') output += event.text;
  }
  return { uuid: job.uuid, statuses, output };
}

/** Takes each job, and tells of it what a job that does well goes through. */
async function drive(validator: ScriptedValidator): Promise<void> {
  for (;;) {
    const frame = await validator.next();
    if (frame['message_type'] !== 'V2JobRequest') continue;
    const { uuid, args } = frame as { uuid: string; args: string[] };
    for (const status of path.slice(1)) {
      const metadata = status === 'completed' ? { miner_response: response(`${args[1]}\n`) } : {};
      validator.sendText(JSON.stringify({ message_type: 'V0JobStatusUpdate', uuid, status, metadata }));
      await sleep(5);
    }
  }
}

const response = (stdout: string) => ({
  docker_process_stdout: stdout,
  docker_process_stderr: '',
  artifacts: {},
  upload_results: {},
});
