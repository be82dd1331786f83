import { DeclineJob, make } from '@horde/protocol';
import { expect, it } from 'vitest';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();
const attempts = (uuid: string) =>
  scene.place.query(
    `select number, uuid, miner_hotkey, outcome, reason, message, deadline, ended_at is not null as ended
     from attempt where job_uuid = $1 order by number`,
    [uuid],
  );

it('the miner that was asked is kept with how it went', async () => {
  scene.miner.script = wholeJob;
  await scene.start();
  const uuid = await scene.send();
  await scene.facilitator.update(uuid, 'completed');
  const ended = { number: 1, miner_hotkey: scene.miner.keypair.address, deadline: null, ended: true };
  expect(await attempts(uuid)).toEqual([
    { ...ended, uuid, outcome: 'completed', reason: null, message: null },
  ]);

  scene.miner.script = {
    onInitial: ({ job_uuid }, connection) =>
      send(connection, make(DeclineJob, { job_uuid, reason: 'validator_blacklisted', message: 'No.' })),
  };
  const declined = await scene.send();
  await scene.facilitator.update(declined, 'rejected');
  expect(await attempts(declined)).toEqual([
    { ...ended, uuid: declined, outcome: 'declined', reason: 'validator_blacklisted', message: 'No.' },
  ]);
});
