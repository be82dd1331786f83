import type { Generation } from './environment.ts';

/**
 * How we read an odd frame, compared with the Python packages: `stricter` refuses what they accept, `laxer` accepts
 * what they refuse, `otherwise` makes something else of it.
 */
export type Kind = 'stricter' | 'laxer' | 'otherwise';

/** A place where the readings differ on purpose. */
export interface Difference {
  generation: Generation | 'both';
  kind: Kind;
  /** Which `Class.field`s. */
  where: RegExp;
  /** Which of the odd values. */
  odd: RegExp;
  reason: string;
}

const any = /^/;
const hugeInteger = /^1000000000/;

export const differences: Difference[] = [
  // Limits, so that no peer makes us store or compute without end.
  {
    generation: 'both',
    kind: 'stricter',
    where:
      /[._](hotkey|uuid|token|signature|signature_type|signatory|ip|public_key|namespace|batch_id|address)$/,
    odd: /^"h/,
    reason: 'names, keys, addresses and signatures have a greatest length',
  },
  {
    generation: 'both',
    kind: 'stricter',
    where: /_limit$|_leeway$|_seconds$|_status$|_port$|\.timestamp$|\.ttl$|\.time_took_us$|\.manifest\[\]$/,
    odd: hugeInteger,
    reason: 'whole numbers beyond 2^53 are no time limits, counts or ports',
  },
  {
    generation: 'both',
    kind: 'stricter',
    where: /^StreamingJobReady\.port$/,
    odd: /^(-1|1735787045|1735787045123|"1735787045"|10+|false)$/,
    reason: 'a port is 1 to 65535: no user could connect to another',
  },
  {
    generation: 'both',
    kind: 'stricter',
    where: any,
    odd: /^NaN$/,
    reason: 'NaN is not JSON; no peer writes it',
  },

  // What a job would lose by a refused frame is read, and fails later with a reason.
  {
    generation: 'both',
    kind: 'laxer',
    where: /^RequestSignature\.signature$/,
    odd: /^"/,
    reason: 'a signature that is not base64 is read, so that its job is rejected with a reason',
  },
  {
    generation: 'both',
    kind: 'otherwise',
    where: /^RequestSignature\.signature$/,
    odd: /^"/,
    reason: 'Python decodes and encodes again what is nearly base64; neither form is a signature',
  },
  {
    generation: 'both',
    kind: 'stricter',
    where: /^ZipAndHttp(Post|Put)\.output_upload_type$/,
    odd: /^missing$/,
    reason: 'a system_output without its type would be guessed from its keys; no peer leaves it out',
  },
  {
    generation: 'both',
    kind: 'laxer',
    where: /^MachineSpecs\.specs(\[\])?$/,
    odd: any,
    reason: 'machine specs are passed on as they came; nothing in the network acts on them',
  },
  {
    generation: 'both',
    kind: 'laxer',
    where: /^Response\.errors(\[\])?$/,
    odd: any,
    reason: "a validator only logs the errors in a facilitator's answer",
  },
  {
    generation: 'new',
    kind: 'laxer',
    where: /^JobCheated\.(trusted_job_uuid|details)$/,
    odd: /^missing$/,
    reason: 'old facilitators have no such keys, and newer ones leave out null',
  },
  {
    generation: 'new',
    kind: 'otherwise',
    where: /^JobFinishedPayload\.block_numbers$/,
    odd: /^missing$/,
    reason: 'such a receipt was signed without the key, and is kept so',
  },
  {
    generation: 'new',
    kind: 'otherwise',
    where: /^(StatusMetadata\{\}|MinerResponse\{\}|JobStatusUpdate\.metadata)$/,
    odd: /^(extra key|\{"a":1\})$/,
    reason: 'unknown keys of a status are dropped: nothing reads them',
  },

  // Where the newest packages are stricter than the old ones, we are as the newest.
  {
    generation: 'old',
    kind: 'stricter',
    where: /^Job(Started|Accepted|Finished)Payload\.job_uuid$/,
    odd: /^"/,
    reason: 'a receipt names its job by a canonical uuid',
  },
  {
    generation: 'old',
    kind: 'stricter',
    where: /^Job(Started|Accepted|Finished)Payload\.(timestamp|time_accepted|time_started)$/,
    odd: any,
    reason: "a receipt's times have an offset and lie in the years 2000 to 2099",
  },
  {
    generation: 'old',
    kind: 'stricter',
    where: /^Job(Started|Accepted|Finished)Payload\.(ttl|time_took_us)$/,
    odd: /^(-1|"?\d{10,}"?)$/,
    reason: "a receipt's durations have bounds",
  },
  {
    generation: 'old',
    kind: 'stricter',
    where: /^JobFinishedPayload\.score_str$/,
    odd: /^"/,
    reason: 'a score is a plain decimal number',
  },
  {
    generation: 'old',
    kind: 'stricter',
    where: /^SingleFile(Post|Put)\.relative_path$/,
    odd: /^("h+"|""|"\\u0000")$/,
    reason: 'an upload is a canonical path within /output',
  },

  // What the old packages require, and newer ones do not.
  {
    generation: 'old',
    kind: 'laxer',
    where: /^(DeclineJob\.reason|JobStatusUpdate\.status)$/,
    odd: any,
    reason: 'unknown words are read as unknown, so that newer peers can add some',
  },
  {
    generation: 'old',
    kind: 'laxer',
    where: /^JobFailed\.docker_process_std(out|err)$/,
    odd: /^(missing|null)$/,
    reason: 'a job may fail before it wrote anything',
  },
  {
    generation: 'old',
    kind: 'laxer',
    where: /^JobStatusUpdate\.metadata$/,
    odd: /^\{/,
    reason: 'a status needs no comment',
  },
  {
    generation: 'old',
    kind: 'laxer',
    where: /^NewJob\.use_gpu$/,
    odd: /^missing$/,
    reason: 'use_gpu has no effect, and newer facilitators may leave it out',
  },
];
