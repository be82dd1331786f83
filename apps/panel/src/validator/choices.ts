const choices = (...words: string[]) => words.map((word) => ({ id: word, name: word }));

/** The executor classes of the network, as a filter offers them. */
export const classChoices = choices(
  'spin_up-4min.gpu-24gb',
  'always_on.gpu-24gb',
  'always_on.llm.a6000',
  'always_on.test',
  'always_on.cpu.8c.16gb',
);

export const receiptChoices = choices('started', 'accepted', 'finished');

/** The types of system events, as ComputeHorde names them. */
export const eventChoices = choices(
  'BURNING_INCENTIVE',
  'COLLATERAL_SYNCING',
  'COMPUTE_TIME_ALLOWANCE',
  'FACILITATOR_CLIENT_ERROR',
  'JOB_ROUTING',
  'MINER_ORGANIC_JOB_FAILURE',
  'MINER_ORGANIC_JOB_INFO',
  'MINER_ORGANIC_JOB_SUCCESS',
  'RECEIPT_FAILURE',
  'WEIGHT_SETTING_FAILURE',
  'WEIGHT_SETTING_INFO',
  'WEIGHT_SETTING_SUCCESS',
);
