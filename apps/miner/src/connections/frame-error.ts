import type { JsonError, ShapeError } from '@horde/protocol';

/** Longest error text sent to a peer: enough to mend its frame, and not the frame itself. @unit characters */
const maxText = 300;

/** What a peer is told about a frame that could not be read. */
export const frameErrorText = ({ message }: JsonError | ShapeError): string => message.slice(0, maxText);
