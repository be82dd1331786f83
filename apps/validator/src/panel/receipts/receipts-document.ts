import { boolean, object, orNull, string, time, uuid } from '@horde/openapi';
import { pages, readsPages, type PanelApi } from '@horde/panel-server';

const kind = { type: 'string', enum: ['started', 'accepted', 'finished'] };

export const receiptsApi: Omit<PanelApi, 'service'> = {
  schemas: {
    Receipts: pages(
      'The receipts of all validators, by their own times, the newest first.',
      object('A receipt.', {
        id: string,
        job_uuid: uuid,
        kind,
        miner_hotkey: string,
        validator_hotkey: string,
        is_own: { ...boolean, description: 'Whether this validator signed it.' },
        is_countersigned: { ...boolean, description: "Whether the miner's signature is known." },
        timestamp: time,
        stored_at: time,
        executor_class: { ...orNull(string), description: 'Of a started receipt.' },
        expires_at: { ...orNull(time), description: 'Of a started or an accepted receipt.' },
        score: {
          ...orNull({ type: 'number' }),
          description: 'Of a finished receipt, in executor-seconds; null: it says nothing that counts.',
        },
        blocks: {
          ...orNull(string),
          description: 'Of a finished receipt: the first of the ranges that pay for the job.',
        },
      }),
    ),
  },
  operations: [
    readsPages('receipts', 'List receipts', 'Receipts', {
      job: ['Those of this job, under any uuid that its miners know it by.', uuid],
      miner: ['Those of this miner.', string],
      kind: ['Those of this kind.', kind],
    }),
  ],
};
