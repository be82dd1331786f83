import type { Pending } from '@horde/transport';
import type { ValidatorConnection } from './links.ts';

/** Where a message came from, and its frame as it came. */
export interface Received {
  session: ValidatorConnection;
  text: string;
  /** What a handler leaves to be done when it has returned. */
  pending?: Pending | undefined;
}
