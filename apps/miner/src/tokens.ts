/** What the miner's parts are given by name, because it is one of several or belongs to a room above theirs. */
export const EXECUTOR_MANAGER = Symbol('EXECUTOR_MANAGER');
export const VALIDATOR_LINK = Symbol('VALIDATOR_LINK');
export const EXECUTOR_LINK = Symbol('EXECUTOR_LINK');
