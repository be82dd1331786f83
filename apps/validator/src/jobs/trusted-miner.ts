/** What the trusted miner is called: it is on no chain, so it has no hotkey that anybody could check. As in ComputeHorde. */
export const trustedMinerHotkey = '0'.repeat(48);
