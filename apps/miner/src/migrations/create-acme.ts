import { createAcmeTables, dropAcmeTables } from '@horde/tls';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Its certificate of an ACME authority, for all processes. */
export class CreateAcme1798000005012 implements MigrationInterface {
  name = 'CreateAcme1798000005012';

  async up(runner: QueryRunner): Promise<void> {
    await createAcmeTables(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropAcmeTables(runner);
  }
}
