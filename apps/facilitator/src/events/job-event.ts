import type { Piece } from '../jobs/job-resource.ts';
import { writeCursor, type Places } from './places.ts';

/** An event of a job, as its user gets it. */
export interface JobEvent {
  type: 'status' | 'wait' | 'progress' | 'output' | 'gap' | 'end';
  /** One line of JSON, in pieces: some are too long to be in memory. */
  data: Piece[];
  /** How far whoever has it has come. */
  reached: Partial<Places>;
}

/** Where events of a job come from. */
export interface JobEventSource {
  /** The events behind these places that are there now, each once, in order. */
  unread(job: string, places: Readonly<Places>): AsyncIterable<JobEvent>;
}

/** An event in the form of `text/event-stream`, in pieces. @param places where its reader is behind it */
export const eventPieces = ({ type, data }: JobEvent, places: Places): Piece[] => [
  `id: ${writeCursor(places)}\nevent: ${type}\ndata: `,
  ...data,
  '\n\n',
];
