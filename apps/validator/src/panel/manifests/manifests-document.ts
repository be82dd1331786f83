import { boolean, integer, object, orNull, string, time } from '@horde/openapi';
import { pages, readsPages, type PanelApi } from '@horde/panel-server';
import { ExecutorClass } from '@horde/protocol';

const executorClass = { type: 'string', enum: ExecutorClass };

export const manifestsApi: Omit<PanelApi, 'service'> = {
  schemas: {
    Manifests: pages(
      'What miners have changed in their manifests, the newest first.',
      object('From a block on a miner offers so many executors of a class.', {
        id: string,
        block: integer,
        at: { ...orNull(time), description: 'null: the block is not kept any more.' },
        miner_hotkey: string,
        executor_class: executorClass,
        count: integer,
        before: { ...orNull(integer), description: 'null: what it was before is not kept.' },
        is_drop: { ...boolean, description: "What the miner's older blocks gave is lost with it." },
      }),
    ),
  },
  operations: [
    readsPages('manifests', 'List changes of manifests', 'Manifests', {
      miner: ['Those of this miner.', string],
      executor_class: ['Those of this class.', executorClass],
      change: [
        'Those after which older blocks gave nothing any more, or the others.',
        { type: 'string', enum: ['drop', 'other'] },
      ],
      from_block: ['Those from this block on.', integer],
      to_block: ['Those up to this block.', integer],
    }),
  ],
};
