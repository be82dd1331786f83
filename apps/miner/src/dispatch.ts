import type { JsonObject, Message } from '@horde/protocol';

type AnyHandlers = Record<
  string,
  (message: Message, context: unknown, json: JsonObject) => Promise<void> | void
>;

/** Hands a message to its handler. @param handlers the `Handlers` of the direction that the message was read from */
export async function dispatch(
  handlers: object,
  message: Message,
  context: unknown,
  json: JsonObject,
): Promise<void> {
  await (handlers as AnyHandlers)[message.message_type]!(message, context, json);
}
