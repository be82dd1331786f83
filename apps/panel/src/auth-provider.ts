import type { AuthProvider } from 'react-admin';
import { logOut, Refused, session } from './api.ts';

/** The login itself is a page without scripts: whoever sees the panel is logged in. */
export const authProvider: AuthProvider = {
  login: async () => undefined,
  logout: () => logOut(),
  checkAuth: async () => undefined,
  checkError: async (error) => {
    if (error instanceof Refused && error.status === 401) throw error;
  },
  getPermissions: async () => session.role,
  getIdentity: async () => ({ id: session.name, fullName: session.name }),
};

/** Whether whoever is logged in may change anything. */
export const mayOperate = (): boolean => session.role === 'operate';
