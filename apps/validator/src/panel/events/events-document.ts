import { object, orNull, string, time } from '@horde/openapi';
import { pages, readsPages, type PanelApi } from '@horde/panel-server';

/** A system event, wherever it is told of. */
export const event = object('Something that happened to this validator.', {
  id: string,
  type: string,
  subtype: string,
  at: time,
  description: string,
  data: { type: 'object' },
  sent_at: { ...orNull(time), description: 'When the collector of statistics took it; null: it has not.' },
});

export const eventsApi: Omit<PanelApi, 'service'> = {
  schemas: { Events: pages('What happened to this validator, the newest first.', event) },
  operations: [
    readsPages('events', 'List system events', 'Events', {
      type: ['Those of this type.', string],
      subtype: ['Those of this subtype.', string],
      after: ['Those from this moment on.', time],
      before: ['Those before this moment.', time],
    }),
  ],
};
