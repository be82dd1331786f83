import { Keypair } from '@horde/identity';
import { createTestDatabase } from '@horde/testing/database';
import { EventReader } from '@horde/testing/event-reader';
import { FacilitatorProcess } from '@horde/testing/facilitator-process';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { expect, it } from 'vitest';
import { storeJobs } from '../testing/stored-jobs.ts';
import { tokenOf } from '../testing/user.ts';

it('a stream goes on behind its last event, without loss or doubles, when the facilitator was killed under an update and started again', async () => {
  const [user, key] = [Keypair.generate(), Keypair.generate()];
  const databaseUrl = await createTestDatabase();
  const killed = await FacilitatorProcess.start(databaseUrl);
  const query = (sql: string, ...values: unknown[]) => killed.query(sql, ...values);
  await query('insert into hotkey_whitelist (ss58_address) values ($1)', user.address);
  await storeJobs(query, { hotkey: user.address, validator: key.address, count: 1 });
  const [{ uuid } = { uuid: '' }] = await killed.query<{ uuid: string }>('select uuid from job');
  const token = await tokenOf(killed.url, user);
  const open = ({ url }: FacilitatorProcess, after?: string) =>
    EventReader.open(`${url}/api/v1/jobs/${uuid}/events/`, token, after);

  const connect = ({ url }: FacilitatorProcess) => ScriptedValidator.logIn(url, key, {}, ['durable-1']);
  const miner_response = { docker_process_stdout: 'hi\n', docker_process_stderr: '', artifacts: {} };
  const say = (
    validator: ScriptedValidator,
    number: number,
    status: string,
    metadata: object | null = null,
  ) =>
    validator.number(
      uuid,
      number,
      JSON.stringify({ message_type: 'V0JobStatusUpdate', uuid, status, metadata }),
    );

  const stream = await open(killed);
  const deaf = await connect(killed);
  await say(deaf, 1, 'received');
  const events = [await stream.next(), await stream.next()];
  // Whether it is stored, and whether that is acknowledged, depends on the moment.
  void say(deaf, 2, 'accepted');
  await killed.process.kill('SIGKILL');
  for (let event; (event = await stream.next());) events.push(event);

  const again = await FacilitatorProcess.start(databaseUrl);
  const validator = await connect(again);
  const rest = await open(again, events.at(-1)!.id);
  await say(validator, 1, 'received');
  await say(validator, 2, 'accepted');
  await say(validator, 3, 'completed', { miner_response });
  events.push(...(await rest.until('end')));
  expect(events.map((event) => event?.data.status ?? event?.data.text)).toEqual([
    'sent',
    'received',
    'accepted',
    'completed',
    'hi\n',
    'completed',
  ]);
  await again.stop();
  await killed.stop();
});
