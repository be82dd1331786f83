import { JsonError, ShapeError } from '@horde/protocol';
import { limits } from './limits.ts';

/** So much of what is wrong with a frame as its sender is told, and as is logged: it may quote the frame. */
export const cutError = (sentence: string): string => sentence.slice(0, limits.maxErrorLength);

/**
 * Reads a frame; null when it is no message of the direction, which `refuse` has been told then, or when it is a peer's
 * `PING`, which some keep connections alive with.
 * @param direction what may come: a `Direction`, or what reads as one does
 * @param refuse gets the sentence, cut, which may be sent back and logged
 */
export async function readFrame<Frame extends object>(
  direction: { read(text: string): Frame },
  text: string,
  refuse: (sentence: string, error: JsonError | ShapeError) => Promise<void> | void,
): Promise<Frame | null> {
  if (text === 'PING') return null;
  try {
    return direction.read(text);
  } catch (error) {
    if (!(error instanceof JsonError || error instanceof ShapeError)) throw error;
    await refuse(cutError(error.message), error);
    return null;
  }
}
