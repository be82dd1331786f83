import { AcceptJob, ExecutionDone, ExecutorReady, JobFinished, make, VolumesReady } from '@horde/protocol';
import type { Connection } from '@horde/transport';
import type { MinerScript } from './scripted-miner.ts';

/** Says these messages, one after the other. */
export async function send(connection: Connection, ...messages: object[]): Promise<void> {
  for (const message of messages) await connection.send(message);
}

/** A result with every kind of output, and with a character that a database does not take. */
export const finished = (job_uuid: string): JobFinished =>
  make(JobFinished, {
    job_uuid,
    docker_process_stdout: 'hi\n',
    docker_process_stderr: 'a NUL: \0',
    artifacts: new Map([['/artifacts/a', 'aGkK']]),
    upload_results: new Map(),
  });

/** A miner that does everything at once. */
export const wholeJob: Required<MinerScript> = {
  onInitial: ({ job_uuid }, connection) =>
    send(connection, make(AcceptJob, { job_uuid }), make(ExecutorReady, { job_uuid })),
  onJob: ({ job_uuid }, connection) =>
    send(connection, make(VolumesReady, { job_uuid }), make(ExecutionDone, { job_uuid }), finished(job_uuid)),
};
