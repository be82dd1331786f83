import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which jobs their users have cancelled, and what a validator that is away has spoken on its last connection. */
export class AllowCancelling1796000010001 implements MigrationInterface {
  name = 'AllowCancelling1796000010001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table job add cancelled_at timestamptz');
    await runner.query(`alter table validator add extensions text[] not null default '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table validator drop extensions');
    await runner.query('alter table job drop cancelled_at');
  }
}
