import { createTraceCursor, dropTraceCursor, positionNow } from '@horde/tracing';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far the traces of ended jobs were told. */
export class TraceJobs1798000007002 implements MigrationInterface {
  name = 'TraceJobs1798000007002';

  up(runner: QueryRunner): Promise<void> {
    return createTraceCursor(runner, positionNow);
  }

  down(runner: QueryRunner): Promise<void> {
    return dropTraceCursor(runner);
  }
}
