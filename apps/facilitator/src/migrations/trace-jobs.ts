import { createTraceCursor, dropTraceCursor } from '@horde/tracing';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far the traces of ended jobs were told. */
export class TraceJobs1798000007000 implements MigrationInterface {
  name = 'TraceJobs1798000007000';

  up(runner: QueryRunner): Promise<void> {
    return createTraceCursor(runner, 'coalesce(max(id), 0)::text from job_status');
  }

  down(runner: QueryRunner): Promise<void> {
    return dropTraceCursor(runner);
  }
}
