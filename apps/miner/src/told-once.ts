/** The same reason is told again after so long. @unit ms */
const sayAgainAfter = 600_000;

/** The trouble with work that is tried again every few seconds. */
export interface Trouble {
  /** It failed: told when that is for another reason than the last time, or ten minutes ago. */
  is: (error: unknown) => void;
  /** It succeeded. */
  over: () => void;
}

/** @param tell writes it down */
export function toldOnce(tell: (error: unknown) => void): Trouble {
  let told = { reason: '', again: 0 };
  return {
    is: (error) => {
      const [reason, now] = [String(error), performance.now()];
      if (reason === told.reason && now < told.again) return;
      told = { reason, again: now + sayAgainAfter };
      tell(error);
    },
    over: () => void (told.reason = ''),
  };
}
