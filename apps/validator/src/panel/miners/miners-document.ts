import { boolean, integer, list, number, object, ofPath, orNull, string, time, uuid } from '@horde/openapi';
import { reads, results, unknown, type PanelApi } from '@horde/panel-server';
import { ExecutorClass } from '@horde/protocol';
import { blacklistEntry } from '../blacklist/blacklist-document.ts';

const executorClass = { type: 'string', enum: ExecutorClass };
const miner = {
  hotkey: string,
  uid: integer,
  address: { ...orNull(string), description: 'null: it is not on the chain any more.' },
  sentence: { ...string, description: 'Why it is chosen, or why not.' },
  is_eligible: { ...boolean, description: 'Whether it could get a job now.' },
  standings: list(
    object('How it stands where jobs of a class are given out.', {
      executor_class: executorClass,
      offered: integer,
      busy: integer,
      busy_elsewhere: { ...integer, description: 'How many of these with jobs of other validators.' },
      incidents: { ...integer, description: 'Those that count now.' },
      reliability: { ...number, description: '0 is the best.' },
      chance: { ...number, description: 'To be the first that is tried.' },
      allowance: { ...number, description: 'In executor-seconds, what no job has booked.' },
      obstacle: { ...orNull(string), description: 'What stands in its way, as a word.' },
      why_not: { ...orNull(string), description: 'The same for people.' },
    }),
  ),
};

export const minersApi: Omit<PanelApi, 'service'> = {
  schemas: {
    Miners: results('The miners, and why each is chosen or not.', object('A miner.', miner)),
    Miner: object('A miner, with what it has, and what it has done.', {
      ...miner,
      job_seconds: {
        ...integer,
        description: 'What the job costs for which it was looked at, in executor-seconds.',
      },
      answer: orNull(
        object('When it last said what it offers, and how often it has been silent since.', {
          at: time,
          misses: integer,
        }),
      ),
      blacklist: list(blacklistEntry),
      collateral: object('What it has deposited, in wei.', {
        wei: { ...orNull(string), description: 'null: it is not known, or not kept.' },
        least: { ...string, description: 'With less it gets no jobs.' },
        sentence: string,
      }),
      earnings: object('What it gets, as the chain said it last. null: that is not known.', {
        incentive: { ...orNull(number), description: "Its part of what the subnet's miners get, 0 to 1." },
        emission: { ...orNull(number), description: 'What it got in the last epoch, in alpha.' },
      }),
      incident_hours: { ...number, description: 'So long an incident counts.' },
      incidents: list(
        object('What it has done about a job.', {
          at: time,
          kind: string,
          executor_class: executorClass,
          job_uuid: orNull(uuid),
          counts: boolean,
        }),
      ),
      hours: list(
        object('Its executors in an hour.', {
          hour: time,
          offered: { ...orNull(integer), description: 'null: it is not known.' },
          busy: { ...number, description: "With this validator's jobs, on the average." },
          busy_elsewhere: { ...number, description: 'With finished jobs of others, as their receipts tell.' },
        }),
      ),
      attempts: list(
        object('A job that it was asked to run.', {
          job_uuid: uuid,
          number: integer,
          executor_class: executorClass,
          started_at: time,
          ended_at: orNull(time),
          outcome: orNull(string),
          message: orNull(string),
        }),
      ),
    }),
  },
  operations: [
    reads('miners', 'List the miners', 'Miners'),
    reads('miners/{hotkey}', 'Read a miner', 'Miner', {
      parameters: [ofPath('hotkey', "A miner's SS58 address.", string)],
      answers: unknown,
    }),
  ],
};
