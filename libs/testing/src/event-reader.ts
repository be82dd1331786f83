import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';

/** An event as it came. */
export interface SentEvent {
  id: string | undefined;
  event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- specs look into events of every form
  data: any;
}

/** A client of a stream of events, over a connection of its own. */
export class EventReader {
  private readonly events: AsyncGenerator<SentEvent>;

  private constructor(readonly response: IncomingMessage) {
    this.events = read(response);
  }

  get status(): number {
    return this.response.statusCode!;
  }

  /** @param after the id of the last event that is known */
  static async open(url: string, token: string, after?: string): Promise<EventReader> {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(after !== undefined && { 'last-event-id': after }),
    };
    return EventReader.openWith(url, headers);
  }

  static async openWith(url: string, headers: Record<string, string>): Promise<EventReader> {
    const asked = request(url, { headers, agent: false }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return new EventReader(response);
  }

  /** The next event; undefined: the stream has ended, or was cut. */
  async next(): Promise<SentEvent | undefined> {
    const { value, done } = await this.events.next();
    return done ? undefined : value;
  }

  /** All events up to one of this type. */
  async until(type: string): Promise<SentEvent[]> {
    const events: SentEvent[] = [];
    while (events.at(-1)?.event !== type) {
      const event = await this.next();
      if (!event) throw new Error(`The stream ended without ${type}: ${JSON.stringify(events)}`);
      events.push(event);
    }
    return events;
  }

  /** Resolves when the panel has told that each of these resources has changed: in one event or several, others among them. */
  async changed(...resources: string[]): Promise<void> {
    const awaited = new Set(resources);
    while (awaited.size > 0) {
      const event = await this.next();
      if (!event) throw new Error(`The stream ended without ${[...awaited].join(', ')}.`);
      for (const resource of event.data as string[]) awaited.delete(resource);
    }
  }

  close(): void {
    this.response.destroy();
  }
}

async function* read(response: IncomingMessage): AsyncGenerator<SentEvent> {
  let text = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      const parts = (text + (chunk as string)).split('\n\n');
      text = parts.pop()!;
      for (const part of parts) if (!part.startsWith(':')) yield eventOf(part);
    }
  } catch {
    // it was cut
  }
}

function eventOf(text: string): SentEvent {
  const fields = new Map(
    text.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
  return { id: fields.get('id'), event: fields.get('event')!, data: JSON.parse(fields.get('data')!) };
}
