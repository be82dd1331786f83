import type { JsonError, ShapeError } from '@horde/protocol';

/** The most of it that a peer is told. It has to be able to mend its frame, and is not to be sent that back. */
const longest = 300;

/** What a peer is told about a frame that could not be read. */
export const complaint = ({ message }: JsonError | ShapeError): string => message.slice(0, longest);
