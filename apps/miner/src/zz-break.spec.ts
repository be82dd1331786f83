import { ExecutorReady, JobFailed, JobFinished, make, MachineSpecs, StreamingJobReady } from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MinerUnderTest } from './testing/miner.ts';
import { RecordingManager } from './testing/recording-manager.ts';
let miner: MinerUnderTest;
beforeEach(async () => { miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 })); });
afterEach(() => miner.close());
async function started() {
  const validator = await miner.validator();
  const accepted = await validator.accepted();
  const token = await miner.manager.token(accepted.job_uuid);
  const executor = await miner.executor(token);
  return { validator, executor, token, ...accepted };
}
for (const status of ['9223372036854775808', '1e300', '-1e30', '99999999999999999999999', '9007199254740993'])
it('exit status ' + status, async () => {
  const { executor, connection, job_uuid } = await started();
  await executor.connection.sendText(`{"message_type":"V0JobFailedRequest","job_uuid":"${job_uuid}","message":"x","docker_process_exit_status":${status}}`);
  const f = await Promise.race([connection.next('V0JobFailedRequest', 'V0HordeFailedRequest'), executor.next('GenericError')]);
  console.log(status, JSON.stringify(f));
});
it('nul in failure and reasons, surrogates', async () => {
  const { executor, connection, job_uuid } = await started();
  await executor.connection.sendText(`{"message_type":"V0JobFailedRequest","job_uuid":"${job_uuid}","message":"a\\u0000","docker_process_stdout":"\\u0000","context":{"a\\u0000":1}}`);
  console.log(JSON.stringify(await connection.next('V0JobFailedRequest', 'V0HordeFailedRequest')));
});
it('timing huge', async () => {
  const validator = await miner.validator();
  const c = await validator.login();
  for (const t of ['99999999999999999999999', '1e300', '-5', '1e18']) {
    const r = validator.initial();
    const text = JSON.stringify(r).replace('"timeout_seconds":300', `"timeout_seconds":${t}`);
    await c.connection.sendText(text);
    console.log(t, JSON.stringify(await c.next('V0AcceptJobRequest', 'GenericError', 'V0DeclineJobRequest')));
  }
});
it('NUL token', async () => {
  const p = await miner.knock('a%00b').catch((e: unknown) => console.log('err', e));
  if (p) console.log(await p.connection.closed, p.frames);
});
it('deep json', async () => {
  const validator = await miner.validator();
  const c = await validator.login();
  await c.connection.sendText('['.repeat(1_000_000));
  console.log(JSON.stringify(await c.next('GenericError')));
  await c.connection.sendText('{"message_type":' + '['.repeat(1_000_000));
  console.log(JSON.stringify(await c.next('GenericError')));
  const r = validator.signed(validator.initial());
  await c.connection.sendText(JSON.stringify(r).replace(/}$/, ',"zz":' + '['.repeat(5000) + ']'.repeat(5000) + '}'));
  console.log(JSON.stringify(await c.next('GenericError', 'V0DeclineJobRequest', 'V0AcceptJobRequest')));
});
it('another validator names the job', async () => {
  const { job_uuid, executor } = await started();
  await executor.send(make(ExecutorReady, { job_uuid }));
  const other = await miner.validator();
  const c = await other.login();
  await c.send(other.payload(job_uuid)); await c.settled();
  await c.send({ message_type: 'V0CancelJobRequest', job_uuid, cancelled_by: 'x' }); await c.settled();
  await c.send(other.finished(job_uuid)); await c.settled();
  await c.send({ ...other.initial(), job_uuid }); await c.settled();
  const d = await other.durable();
  await d.resume(job_uuid, 0); await d.resumed();
  await d.resume(job_uuid, 2 ** 53 - 1); await d.resumed();
  await (d as never as { connection: { sendText(s: string): Promise<boolean> } }).connection.sendText(`["ack","${job_uuid}",9007199254740991]`);
  await d.settled();
  console.log(c.frames.map((f) => JSON.stringify(f)), d.heard);
  console.log(await miner.query('select status, job_request, cancelled_at, settled_at from job'), (await miner.query('select id, type from outbox')));
});
it('durable executor names another job', async () => {
  const a = await started();
  const b = await (await miner.validator()).accepted();
  const token = await miner.manager.token(b.job_uuid);
  const d = await miner.durable(token);
  await d.nextFrame('V0InitialJobRequest');
  await d.message(a.job_uuid, 2 ** 53 - 1, make(JobFinished, { job_uuid: a.job_uuid, docker_process_stdout: 'x', docker_process_stderr: '' }));
  await d.settled();
  console.log(d.heard.map((x) => JSON.stringify(x).slice(0, 150)), await miner.query('select uuid, status, executor_number from job'));
  await d.message(b.job_uuid, 1, make(ExecutorReady, { job_uuid: b.job_uuid }));
  await d.settled();
  console.log(await miner.query('select uuid, status, executor_number from job'));
});
