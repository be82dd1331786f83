import fc from 'fast-check';
import {
  executorToMiner,
  facilitatorToValidator,
  JsonError,
  minerToExecutor,
  minerToValidator,
  NewJob,
  parseJson,
  readDurableLine,
  readObject,
  Receipt,
  receiptTexts,
  Response,
  ShapeError,
  signedFieldsOf,
  signedFieldsPayload,
  toJson,
  validatorSignatureText,
  validatorToFacilitator,
  validatorToMiner,
  writeCompact,
  writeDurableLine,
  writeFrame,
  type JsonObject,
  type Message,
  type WireClass,
} from '@horde/protocol';
import { Refusal } from '@horde/rest';
import { readJobRequest, signedFieldsOfRequest } from '../../apps/facilitator/src/jobs/job-request.ts';
import { instancesOf } from '@horde/testing/messages';

/** What may arrive on a link in one direction: how it is read, and good texts to begin with. */
interface Reader {
  read: (text: string) => unknown;
  good: string[];
}

const instances = <T extends object>(type: WireClass<T>) =>
  fc.sample(instancesOf(type), { numRuns: 20, seed: 1 });

/** Reads a frame and does with it what every service does at once: write it, and make the texts that are signed. */
function frames(direction: {
  classes: WireClass<Message>[];
  read(text: string): { message: object; json: JsonObject };
}): Reader {
  return {
    read: (text) => {
      const { message, json } = direction.read(text);
      validatorSignatureText(json);
      if (message instanceof NewJob) signedFieldsPayload(signedFieldsOf(message));
      return writeFrame(message);
    },
    good: direction.classes.flatMap((type) => instances(type).map(writeFrame)),
  };
}

/** As `frames`, each behind the line of a numbered message. */
function numbered(direction: Parameters<typeof frames>[0]): Reader {
  const { read, good } = frames(direction);
  return {
    read: (text) => {
      const lineEnd = text.indexOf('\n');
      const line = readDurableLine(text.slice(0, lineEnd < 0 ? text.length : lineEnd));
      if (line?.word !== 'message' || lineEnd < 0)
        throw new ShapeError([{ path: '', problem: 'has no number' }]);
      return read(text.slice(lineEnd + 1));
    },
    good: good.map((text, at) => `${writeDurableLine('message', 'a-job_1', at)}\n${text}`),
  };
}

const objects = <T extends object>(type: WireClass<T>, use: (object: T) => unknown): Reader => ({
  read: (text) => use(readObject(type, parseJson(text))),
  good: instances(type).map((object) => writeCompact(toJson(object))),
});

function readCreation(text: string): unknown {
  const body = parseJson(text);
  if (!(body instanceof Map)) return null;
  return signedFieldsPayload(signedFieldsOfRequest(readJobRequest(body), body));
}

/** The body that asks for a job; null where users may not ask for it. */
function creationOf(job: NewJob): string | null {
  const { volumes, uploads } = signedFieldsOf(job);
  const body = toJson(job);
  body.set('target_validator_hotkey', '5E');
  body.set('volumes', volumes);
  body.set('uploads', uploads);
  try {
    readCreation(writeCompact(body));
    return writeCompact(body);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

const creation: Reader = {
  read: readCreation,
  good: fc
    .sample(instancesOf(NewJob), { numRuns: 200, seed: 1 })
    .map(creationOf)
    .filter((text) => text !== null),
};

/** The five links, each with all that may arrive on it. */
export const links: Record<string, Reader[]> = {
  'user-facilitator': [creation],
  'facilitator-validator': [
    frames(facilitatorToValidator),
    frames(validatorToFacilitator),
    numbered(facilitatorToValidator),
    numbered(validatorToFacilitator),
    objects(Response, writeFrame),
  ],
  'validator-miner': [
    frames(validatorToMiner),
    frames(minerToValidator),
    numbered(validatorToMiner),
    numbered(minerToValidator),
  ],
  'miner-executor': [
    frames(minerToExecutor),
    frames(executorToMiner),
    numbered(minerToExecutor),
    numbered(executorToMiner),
  ],
  receipts: [objects(Receipt, ({ payload }) => receiptTexts(payload))],
};

/** Whether a reader may say no like this. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof JsonError || error instanceof ShapeError || error instanceof Refusal;
