import {
  DeclineJob,
  errors,
  make,
  parseJson,
  ShapeError,
  type InitialJobRequest,
  type JsonError,
  type JsonObject,
  isCanonicalUuid,
} from '@horde/protocol';

/** The most that is repeated of the name of a class. */
const maxName = 60;

/**
 * The answer to a request for an executor of a class that is too new, or too old, for this miner to have heard of it; null
 * when that is not what is wrong with the frame.
 */
export function declineOfUnknownClass(error: JsonError | ShapeError, text: string): DeclineJob | null {
  if (!(error instanceof ShapeError) || !error.problems.some(({ path }) => path === 'executor_class'))
    return null;
  const request = parseJson(text) as JsonObject;
  const [type, uuid, name] = ['message_type', 'job_uuid', 'executor_class'].map((key) => request.get(key));
  const asked: InitialJobRequest['message_type'] = 'V0InitialJobRequest';
  if (type !== asked || typeof uuid !== 'string' || !isCanonicalUuid(uuid) || typeof name !== 'string')
    return null;
  const { message } = errors.CLASS_NOT_OFFERED(name.slice(0, maxName));
  return make(DeclineJob, { job_uuid: uuid, reason: 'busy', message });
}
