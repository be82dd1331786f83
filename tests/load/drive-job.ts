import { randomUUID } from 'node:crypto';
import {
  JobAcceptedPayload,
  JobAcceptedReceipt,
  make,
  receiptText,
  validatorPath,
  wireTimeNow,
  writeFrame,
  type ExecutorClass,
} from '@horde/protocol';
import { connect, DurableLink } from '@horde/transport';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';

/**
 * Drives a job over a connection of its own, as our validators do, until the miner has committed its last receipt.
 *
 * @param heard called with the type of each message of the miner, before it is answered
 * @throws with the miner's frame when it goes otherwise
 */
export async function driveJob(
  validator: ScriptedValidator,
  miner: { url: string; hotkey: string },
  executor_class: ExecutorClass,
  heard: (type: string) => void = () => undefined,
): Promise<void> {
  const job_uuid = randomUUID();
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  let link!: DurableLink;
  const say = (number: number, message: object) => void link.message(job_uuid, number, writeFrame(message));
  const hear = (frame: string) => {
    const { message_type } = JSON.parse(frame) as { message_type: string };
    heard(message_type);
    switch (message_type) {
      case 'V0AcceptJobRequest':
        return say(2, acceptedReceipt(validator, miner.hotkey, job_uuid));
      case 'V0ExecutorReadyRequest':
        return say(3, validator.signed(validator.payload(job_uuid, { executor_class })));
      case 'V0JobFinishedRequest':
        return say(5, validator.finished(job_uuid));
      case 'V0VolumesReadyRequest':
      case 'V0ExecutionDoneRequest':
      case 'V0ExecutorManifestRequest':
        return;
      default:
        reject(new Error(`The miner said: ${frame}`));
    }
  };
  const connection = await connect(miner.url + validatorPath(validator.hotkey), {
    extensions: ['durable-1'],
    onOpening: (opening) => {
      link = new DurableLink(
        opening,
        {
          onMessage: async (_job, _number, frame) => hear(frame),
          onAcknowledged: async (_job, number) => void (number === 5 && resolve()),
          onResume: async () => undefined,
          onPlain: async (frame) => hear(frame),
          onBadFrame: (sentence) => reject(new Error(sentence)),
        },
        reject,
      );
    },
  });
  void connection.closed.then(({ code }) =>
    reject(new Error(`The miner closed the connection with ${code}.`)),
  );
  void link.plain(writeFrame(validator.auth()));
  say(1, validator.signed(validator.initial({ job_uuid, executor_class })));
  await done;
  connection.close(1000);
}

function acceptedReceipt(validator: ScriptedValidator, miner_hotkey: string, job_uuid: string) {
  const payload = make(JobAcceptedPayload, {
    job_uuid,
    miner_hotkey,
    validator_hotkey: validator.hotkey,
    timestamp: wireTimeNow(),
    time_accepted: wireTimeNow(),
    ttl: 60,
  });
  return make(JobAcceptedReceipt, { payload, signature: validator.keypair.signHex(receiptText(payload)) });
}
