import { useEffect, useState } from 'react';

/** @unit ms */
const tick = 1_000;

/** The present moment, each second anew while it is needed. */
export function useNow(isNeeded: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isNeeded) return undefined;
    const timer = setInterval(() => setNow(Date.now()), tick);
    return () => clearInterval(timer);
  }, [isNeeded]);
  return now;
}
