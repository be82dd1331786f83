import { addHotkeyLogins, dropHotkeyLogins } from '@horde/panel-server';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Hotkeys log in to the panel. */
export class AddHotkeyLogins1798000005002 implements MigrationInterface {
  name = 'AddHotkeyLogins1798000005002';

  async up(runner: QueryRunner): Promise<void> {
    await addHotkeyLogins(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropHotkeyLogins(runner);
  }
}
