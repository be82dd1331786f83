import type { Operators } from '@horde/panel-server';
import { leave, type Found, type Part } from './take-over.ts';

interface User {
  username: string;
  password: string;
  is_superuser: boolean;
  is_staff: boolean;
  is_active: boolean;
}

/** The accounts of ComputeHorde's panel: superusers may change what is here, staff may look at it. */
export const panelUsers = (operators: Operators): Part => ({
  what: 'panel users',
  async run(run, tally) {
    const users = await run.few<User>(
      'select username, password, is_superuser, is_staff, is_active from auth_user order by id',
    );
    await run.each(
      tally,
      users.map((user) => found(user, operators)),
    );
  },
});

function found({ username, password, ...user }: User, operators: Operators): Found {
  if (!user.is_active) return leave(username, 'not active there');
  if (!user.is_superuser && !user.is_staff) return leave(username, 'neither staff nor superuser there');
  if (password === '' || password.startsWith('!')) return leave(username, 'no password there');
  const role = user.is_superuser ? 'operate' : 'read';
  return {
    key: username,
    store: async (tx) => (await operators.takeOver(tx, { name: username, role, password })) ?? 'taken',
  };
}
