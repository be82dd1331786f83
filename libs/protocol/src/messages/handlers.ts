import type { JsonObject } from '../json/values.ts';
import type { Direction, Handlers, Message } from './message.ts';
import { planOf } from './plan.ts';
import type { WireClass } from './fields.ts';

/**
 * Throws when a message of a direction has no handler. The types say so already; this is for services that put their
 * handlers together at run time, to be called before the first peer is let in.
 */
export function requireHandlers<C extends WireClass<Message>[], Context>(
  direction: Direction<C>,
  handlers: Handlers<Direction<C>, Context>,
): void {
  const missing = direction.classes
    .map((type) => String(planOf(type).initial['message_type']))
    .filter((word) => typeof (handlers as Record<string, unknown>)[word] !== 'function');
  if (missing.length > 0) {
    const whose = `of what a ${direction.from} may send a ${direction.to}`;
    throw new Error(`There is no handler for ${missing.join(', ')}, ${whose}.`);
  }
}

/** Hands a message to its handler. @param handlers the `Handlers` of the direction that the message was read from */
export async function dispatch<Context>(
  handlers: object,
  message: Message,
  context: Context,
  json: JsonObject,
): Promise<void> {
  const handle = (handlers as Record<string, Handler<Context>>)[message.message_type]!;
  await handle(message, context, json);
}

type Handler<Context> = (message: Message, context: Context, json: JsonObject) => Promise<void> | void;
