import type { PanelUser } from '@horde/panel-api';
import { ask } from '../api.ts';
import { wholeList, type Source } from '../sources.ts';

export const users: Source = {
  ...wholeList('whitelist', { id: 'hotkey' }),
  save: async (data) => {
    const {
      hotkey = '',
      max_unfinished_jobs = null,
      max_creations_per_minute = null,
    } = data as Partial<PanelUser>;
    const user = await ask<PanelUser>(`whitelist/${encodeURIComponent(hotkey.trim())}`, {
      method: 'PUT',
      body: { max_unfinished_jobs, max_creations_per_minute },
    });
    return { ...user, id: user.hotkey };
  },
};
