import { boolean, integer, list, number, object, ofPath, orNull, string, time, uuid } from '@horde/openapi';
import { reads, results, unknown, type PanelApi } from '@horde/panel-server';
import { event } from '../events/events-document.ts';

const numbers = { type: 'object', additionalProperties: number };
const cycle = {
  cycle_start: integer,
  cycle_end: { ...integer, description: 'The first block after it.' },
  window_from: integer,
  window_until: { ...integer, description: 'The first block after the window for its weights.' },
  state: string,
  sentence: string,
  attempts: integer,
  computed_at: orNull(time),
  first_sent_block: orNull(integer),
  last_sent_block: orNull(integer),
  confirmed_block: orNull(integer),
  inputs_digest: orNull(string),
};

export const cyclesApi: Omit<PanelApi, 'service'> = {
  schemas: {
    Cycles: results('The cycles that are kept, the newest first.', object('A cycle.', cycle)),
    Cycle: object('A cycle, with who gets what of its weights, and why.', {
      ...cycle,
      neurons_block: orNull(integer),
      neurons: orNull(integer),
      classes: list(object('An executor class.', { executor_class: string, weight: number, total: number })),
      miners: list(
        object('What a hotkey gets.', {
          hotkey: string,
          weight: orNull(number),
          coldkey: orNull(string),
          is_main: boolean,
          scores: { ...numbers, description: 'By executor class, in executor-seconds, bonuses included.' },
          note: orNull(string),
        }),
      ),
      coldkeys: list(
        object('What the hotkeys of a coldkey were paid for in a class.', {
          executor_class: string,
          coldkey: string,
          total: number,
          main_hotkey: orNull(string),
          previous_main_hotkey: orNull(string),
          danced: { ...boolean, description: 'It gets the bonus for another main hotkey than before.' },
        }),
      ),
      cheated: list(
        object('A job that was left out, because it was reported as cheated.', {
          job_uuid: uuid,
          miner_hotkey: string,
          cost: number,
        }),
      ),
      burnt: { ...numbers, description: 'By hotkey, as a part of the weights.' },
      events: list(event),
    }),
  },
  operations: [
    reads('cycles', 'List cycles', 'Cycles'),
    reads('cycles/{start}', 'Read a cycle', 'Cycle', {
      parameters: [ofPath('start', 'The first block of the cycle.', integer)],
      answers: unknown,
    }),
  ],
};
