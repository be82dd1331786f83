/** What the miner's parts are given by name, because it is no class of ours or one of several. */
export const LOGGER = 'LOGGER';
export const CHAIN = Symbol('CHAIN');
export const EXECUTOR_MANAGER = Symbol('EXECUTOR_MANAGER');
