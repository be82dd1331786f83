import type { Considered } from '../../routing/decision.ts';

const verdicts: Record<Considered['result'], string> = {
  chosen: 'It was chosen.',
  'not tried': 'It could have had the job, and another one was tried before.',
  asked: 'It had been asked for this job already.',
  allowance: 'What this validator may spend there does not pay for the job.',
  reserved: 'What this validator may spend there is kept for other jobs.',
  collateral: 'It has deposited too little.',
  blacklisted: 'It is on the blacklist.',
  busy: 'All of its executors of this class are busy.',
};

/** Why a miner was chosen for a job, or not. @param result of a stored decision, whichever version wrote it */
export const verdictOf = (result: string): string => verdicts[result as Considered['result']] ?? result;
