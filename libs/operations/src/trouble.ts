/** The same reason is logged again after so long. @unit ms */
const repeatAfter = 600_000;

/** The trouble with work that is tried again every few seconds. */
export interface Trouble {
  /** It failed: logged when that is for another reason than the last time, or ten minutes ago. */
  is: (error: unknown) => void;
  /** It succeeded. */
  over: () => void;
}

/** Keeps one trouble from filling the log while the work is tried again. @param log writes it to the log */
export function troubleLog(log: (error: unknown) => void): Trouble {
  let last = { reason: '', again: 0 };
  return {
    is: (error) => {
      const [reason, now] = [String(error), performance.now()];
      if (reason === last.reason && now < last.again) return;
      last = { reason, again: now + repeatAfter };
      log(error);
    },
    over: () => void (last.reason = ''),
  };
}
