import { CannotStart } from '@horde/operations';

/** The database cannot be used as it is: not reachable, or changed by a newer version. */
export class DatabaseError extends CannotStart {
  override readonly name = 'DatabaseError';
}
