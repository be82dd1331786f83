/**
 * The text under `StreamingJobReady.miner_signature`: where the job listens and with which certificate.
 * An address that nobody knows is Python's `None`.
 */
export const streamingText = (ready: {
  job_uuid: string;
  ip: string | null;
  port: number;
  public_key: string;
}): string => `${ready.job_uuid}:${ready.ip ?? 'None'}:${ready.port}:${ready.public_key}`;
