import {
  executorToMiner,
  facilitatorToValidator,
  minerToExecutor,
  minerToValidator,
  parseJson,
  readObject,
  Receipt,
  Response,
  validatorToFacilitator,
  validatorToMiner,
  type Direction,
  type Message,
  type WireClass,
} from '@horde/protocol';

/** One kind of frames or lines between two services. */
export interface WireLink {
  name: string;
  /** What may arrive, by the word in `message_type`, or by the name of the Python model where there is no such word. */
  types: Map<string, WireClass>;
  /** As our services read it. Throws JsonError or ShapeError. */
  read(text: string): object;
}

function fromDirection(direction: Direction<WireClass<Message>[]>): WireLink {
  return {
    name: `${direction.from} -> ${direction.to}`,
    types: new Map(direction.classes.map((type) => [new type().message_type, type])),
    read: (text) => direction.read(text).message,
  };
}

const fromClass = (name: string, word: string, type: WireClass): WireLink => ({
  name,
  types: new Map([[word, type]]),
  read: (text) => readObject(type, parseJson(text)),
});

/** Everything that goes over ComputeHorde's wires between services. */
export const links: WireLink[] = [
  fromDirection(validatorToMiner as Direction<WireClass<Message>[]>),
  fromDirection(minerToValidator as Direction<WireClass<Message>[]>),
  fromDirection(minerToExecutor as Direction<WireClass<Message>[]>),
  fromDirection(executorToMiner as Direction<WireClass<Message>[]>),
  fromDirection(facilitatorToValidator as Direction<WireClass<Message>[]>),
  fromDirection(validatorToFacilitator as Direction<WireClass<Message>[]>),
  fromClass("facilitator's answers", 'Response', Response),
  fromClass('receipt pages', 'Receipt', Receipt),
];
