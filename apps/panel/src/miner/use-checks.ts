import type { MinerCheck, MinerCheckEvent } from '@horde/panel-api';
import { useEffect, useState } from 'react';

/** The last run of each check, as it goes on; null: nothing is known yet. */
export interface LiveChecks {
  checks: MinerCheck[] | null;
  isConnected: boolean;
}

/** Follows the checks across interruptions: a new connection begins with all that is known. */
export function useChecks(): LiveChecks {
  const [live, setLive] = useState<LiveChecks>({ checks: null, isConnected: true });
  useEffect(() => {
    const source = new EventSource('/admin/api/checks/events');
    source.addEventListener('check', (event: MessageEvent<string>) => {
      const { from, text, ...check } = JSON.parse(event.data) as MinerCheckEvent;
      setLive(({ checks }) => {
        const before = checks?.find(({ name }) => name === check.name);
        const output = (before?.output ?? '').slice(0, from) + text;
        const others = (checks ?? []).filter(({ name }) => name !== check.name);
        return { checks: [...others, { ...check, output }], isConnected: true };
      });
    });
    source.addEventListener('open', () => setLive((before) => ({ ...before, isConnected: true })));
    source.addEventListener('error', () => setLive((before) => ({ ...before, isConnected: false })));
    return () => source.close();
  }, []);
  return live;
}
