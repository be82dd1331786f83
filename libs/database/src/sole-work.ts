import { pause } from '@horde/async';
import { LockConnection } from './lock-connection.ts';

export interface SoleWorkOptions {
  /** The service's name. */
  service: string;
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Of the work. */
  name: string;
  /** Ends the wait and the work. */
  signal: AbortSignal;
  /** Is to end when its signal is aborted: because the one above is, or because the lock is lost. */
  work: (signal: AbortSignal) => Promise<void>;
  /** Called once when another process has the lock. */
  onWait: () => void;
}

/** How often the lock is asked for while another process has it: a statement that waited would keep old rows from being removed. @unit ms */
const askPause = 1_000;
/** How often the connection is asked for a sign of life. @unit ms */
const pulse = 10_000;

/**
 * Does `work` in one of the processes that share a database, whichever has a lock on a connection of its own. Another one
 * takes over within a second of that one's end, however it ends, and nothing is written meanwhile; where a second's delay
 * does not matter, a `Lease` needs no connection. A process that has lost its connection may learn of it after another
 * one has taken over, so whatever is done twice must do no harm.
 *
 * @throws what `work` throws, and what the server or the network says
 */
export async function soleWork({ service, url, name, signal, work, onWait }: SoleWorkOptions): Promise<void> {
  const connection = await LockConnection.open({ url, name: `${service} (${name})` });
  try {
    for (let isTold = false; !(await connection.take(`${service}: ${name}`)); isTold = true) {
      if (!isTold) onWait();
      await pause(askPause, signal);
    }
    connection.watch(pulse);
    const lost = new AbortController();
    void connection.ended.then(() => lost.abort());
    await work(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await connection.close();
  }
}
