/** What a frame of `durable-1` does: brings a message, acknowledges some, or asks for those that follow. */
export type DurableWord = 'message' | 'ack' | 'resume';

/** The line that a frame of `durable-1` begins with. */
export interface DurableLine {
  word: DurableWord;
  /** At most 64 letters, digits, `_` and `-`. */
  job: string;
  number: number;
}

/** `["ack","7c2d…",3]`. Behind that of a message follow a line end and the plain frame, untouched. */
export const writeDurableLine = (word: DurableWord, job: string, number: number): string =>
  JSON.stringify([word, job, number]);

const form = /^\["(?<word>message|ack|resume)","(?<job>[\w-]{1,64})",(?<number>0|[1-9]\d{0,15})\]$/;

/** Null: it is no such line. */
export function readDurableLine(text: string): DurableLine | null {
  const found = form.exec(text)?.groups;
  if (!found) return null;
  const number = Number(found['number']);
  if (!Number.isSafeInteger(number)) return null;
  return { word: found['word'] as DurableWord, job: found['job']!, number };
}
