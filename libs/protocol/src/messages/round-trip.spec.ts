import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { instancesOf } from '@horde/testing/messages';
import {
  executorToMiner,
  facilitatorToValidator,
  MachineDescription,
  minerToExecutor,
  minerToValidator,
  parseJson,
  readObject,
  Receipt,
  Response,
  toJson,
  validatorToFacilitator,
  validatorToMiner,
  writeCompact,
  writeFrame,
  type Message,
  type WireClass,
} from '../index.ts';

const directions = [
  facilitatorToValidator,
  validatorToFacilitator,
  validatorToMiner,
  minerToValidator,
  minerToExecutor,
  executorToMiner,
] as { from: string; to: string; classes: WireClass<Message>[]; read(text: string): { message: object } }[];

const messages = directions.flatMap((direction) =>
  direction.classes.map((type) => ({
    name: `${new type().message_type}, ${direction.from} to ${direction.to}`,
    direction,
    type,
  })),
);

describe.each(messages)('$name', ({ direction, type }) => {
  it('is read as it was written, whatever it holds', () => {
    fc.assert(
      fc.property(instancesOf(type), (message) => {
        const frame = writeFrame(message);
        const read = direction.read(frame).message;
        expect(read).toEqual(message);
        expect(writeFrame(read)).toBe(frame);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps all its fields in their order, nulls included', () => {
    const [message] = fc.sample(instancesOf(type), 1);
    expect([...toJson(message!).keys()]).toEqual(Object.keys({ ...message }));
  });
});

it.each([Receipt, Response, MachineDescription] as WireClass[])('%o is read as it was written', (type) => {
  fc.assert(
    fc.property(instancesOf(type), (object) => {
      const text = writeCompact(toJson(object));
      expect(writeCompact(toJson(readObject(type, parseJson(text))))).toBe(text);
    }),
    { numRuns: 50 },
  );
});
