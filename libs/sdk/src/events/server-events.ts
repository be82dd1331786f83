import { createParser } from 'eventsource-parser';

/** One event of a `text/event-stream` whose data are JSON objects. */
export interface ServerEvent {
  id: string | null;
  type: string;
  fields: object;
}

/** The largest event that is read; its output is at most 262,144 bytes. @unit characters */
const maxEvent = 16_000_000;

/**
 * The events of a `text/event-stream`, as they come. It ends where the stream does.
 *
 * @param onSign called for whatever comes, comments included
 * @param silence how long nothing may come @unit ms
 * @throws when nothing has come for `silence`, or an event is too large
 */
export async function* serverEvents(
  body: ReadableStream<Uint8Array>,
  { onSign, silence }: { onSign: () => void; silence: number },
): AsyncGenerator<ServerEvent> {
  const events: ServerEvent[] = [];
  const parser = createParser({
    maxBufferSize: maxEvent,
    onEvent: ({ id, event = '', data }) => {
      const fields = fieldsOf(data);
      if (fields) events.push({ id: id ?? null, type: event, fields });
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') throw error;
    },
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await within(silence, reader.read());
      if (done) return;
      onSign();
      parser.feed(decoder.decode(value, { stream: true }));
      yield* events.splice(0);
    }
  } finally {
    // The connection is of no use any more; how it ends does not matter.
    reader.cancel().catch(() => undefined);
  }
}

function fieldsOf(data: string): object | null {
  try {
    const fields: unknown = JSON.parse(data);
    return typeof fields === 'object' ? fields : null;
  } catch {
    return null;
  }
}

async function within<Result>(limit: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('nothing has come for too long')), limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
