import { integer, list, number, object, orNull, string, time, uuid } from '@horde/openapi';
import { pages, reads, readsPages, type PanelApi } from '@horde/panel-server';
import { ExecutorClass } from '@horde/protocol';

const executorClass = { type: 'string', enum: ExecutorClass };
const state = { type: 'string', enum: ['reserved', 'spent', 'over'] };

export const allowanceApi: Omit<PanelApi, 'service'> = {
  schemas: {
    Allowance: object('What can be spent at each miner, in executor-seconds.', {
      sentence: string,
      first_block: integer,
      last_block: integer,
      results: list(
        object('What can be spent at one miner for one executor class.', {
          id: string,
          miner_hotkey: string,
          executor_class: executorClass,
          offered: { ...integer, description: 'How many executors its manifest offers.' },
          total: { ...number, description: 'What its blocks give in all.' },
          spent: number,
          reserved: number,
          available: number,
        }),
      ),
    }),
    Bookings: pages(
      'Blocks that jobs have booked, the newest bookings first.',
      object('A booking.', {
        id: uuid,
        miner_hotkey: string,
        executor_class: executorClass,
        state: { ...state, description: 'over: its time has passed, and its blocks are free.' },
        seconds: { ...number, description: 'What its job costs, in executor-seconds.' },
        blocks: { ...orNull(string), description: 'The first of its ranges of blocks.' },
        block_count: integer,
        created_at: time,
        expires_at: { ...orNull(time), description: 'null: it is spent.' },
        job_uuid: { ...orNull(uuid), description: 'null: the job is not kept any more.' },
      }),
    ),
  },
  operations: [
    reads('allowance', 'See what can be spent', 'Allowance'),
    readsPages('bookings', 'List bookings', 'Bookings', {
      miner: ['Those of this miner.', string],
      state: ['Those in this state.', state],
      block: ['Those that have this block.', integer],
      job: ['Those of this job.', uuid],
    }),
  ],
};
