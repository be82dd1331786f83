import { getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';

/** How long one of several addresses of a name is tried before the next: a lost first packet is sent again after 1 s. @unit ms */
const attemptLimit = 3_000;

/**
 * Lets all sockets of this process try each address of a name for seconds. Node's 250 ms are less than the way to
 * another continent and back: where the other family leads nowhere, such a name could never be reached.
 */
export function allowSlowAddresses(): void {
  if (getDefaultAutoSelectFamilyAttemptTimeout() < attemptLimit)
    setDefaultAutoSelectFamilyAttemptTimeout(attemptLimit);
}
