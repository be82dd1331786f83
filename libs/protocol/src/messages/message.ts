import { parseJson } from '../json/parse.ts';
import { type JsonObject } from '../json/values.ts';
import { OneOf, type WireClass } from './fields.ts';
import { readVariant, ShapeError } from './read.ts';

/** A message of a link; `message_type` tells the classes of one direction apart. */
export interface Message {
  message_type: string;
}

/** The field every message begins with: the word that names its class. */
export const MessageType = (word: string) => OneOf([word]);

/** Builds a message or a part of one from its fields; those with a default may be left out. */
export function make<T extends object>(type: WireClass<T>, fields: Partial<T>): T {
  return Object.assign(new type(), fields);
}

/** Everything that one peer may send to another over one link. */
export class Direction<const C extends WireClass<Message>[]> {
  constructor(
    readonly from: string,
    readonly to: string,
    readonly classes: C,
  ) {}

  /** Reads a frame. Throws JsonError or ShapeError, whose sentences may be sent back to the peer. */
  read(text: string): { message: InstanceType<C[number]>; json: JsonObject } {
    const json = parseJson(text);
    if (!(json instanceof Map)) throw new ShapeError([{ path: '', problem: 'a message must be an object' }]);
    return { message: readVariant('message_type', this.classes, json) as InstanceType<C[number]>, json };
  }
}

/** The messages that may arrive in a direction. */
export type MessageOf<D> = D extends Direction<infer C> ? InstanceType<C[number]> : never;

/** One handler for each message that may arrive in a direction: a missing one does not compile. */
export type Handlers<D, Context> = {
  [M in MessageOf<D> as M['message_type']]: (
    message: M,
    context: Context,
    json: JsonObject,
  ) => Promise<void> | void;
};
