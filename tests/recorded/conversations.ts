import { lines } from './recordings.ts';

/** One thing that happened on a recorded websocket link: a connection opened or closed, or somebody sent a frame. */
export interface LinkEvent {
  scenario: string;
  /** The path that was opened. */
  open?: string;
  from?: string;
  /** The frame, character by character. */
  text?: string;
  closed_by?: string;
  code?: number;
}

/** One frame of a conversation, as its text and as what it says. */
export interface PlayedFrame {
  from: string;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- specs look into frames of every kind
  says: any;
}

/** The conversations of a link by scenario; `*` is what belongs to none. */
export function conversationsOf(name: string): Map<string, LinkEvent[]> {
  return Map.groupBy(lines<LinkEvent>(`${name}.jsonl`), ({ scenario }) => scenario);
}

/** The frames of a conversation, in order. */
export const framesOf = (events: LinkEvent[]): PlayedFrame[] =>
  events.flatMap(({ from, text }) =>
    from !== undefined && text !== undefined ? [{ from, text, says: JSON.parse(text) as unknown }] : [],
  );
