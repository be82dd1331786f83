import fc from 'fast-check';
import { JobCheated, MachineSpecs, NewJob, Response, toJsonValue, type WireClass } from '@horde/protocol';
import { instancesOf } from '@horde/testing/messages';

/** Random instances of a message that every reader has to accept, the same ones in every run. */
export const instances = (type: WireClass, count: number): object[] =>
  fc.sample(instancesOf(type).map(fitting), { numRuns: count, seed: 20_260_101 });

/** Makes those fields fit whose form our own classes leave open. */
function fitting(message: object): object {
  if (message instanceof NewJob || message instanceof JobCheated) {
    if (message.signature) message.signature.signature = Buffer.alloc(64, 7).toString('base64');
  }
  if (message instanceof MachineSpecs) message.specs = new Map([['specs', message.specs]]);
  if (message instanceof Response)
    message.errors = toJsonValue([{ msg: 'Job not found', type: 'job.not_found', help: '' }]);
  return message;
}
