import type { Pending } from '@horde/transport';
import type { ValidatorSession } from './validator-session.ts';

/** Where a message came from, and its frame as it came. */
export interface Received {
  session: ValidatorSession;
  text: string;
  /** What a handler leaves to be done when it has returned. */
  pending?: Pending | undefined;
}
