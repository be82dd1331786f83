import { is, object, ofPath, orNull, string, time, type Operation } from '@horde/openapi';
import { reads, refused, results, unknown, type PanelApi } from '@horde/panel-server';

/** An entry of the blacklist, wherever it is told of. */
export const blacklistEntry = object('Why a miner gets no jobs.', {
  id: string,
  hotkey: string,
  reason: { type: 'string', enum: ['MANUAL', 'JOB_FAILED', 'JOB_CHEATED'] },
  details: string,
  blacklisted_at: time,
  expires_at: { ...orNull(time), description: 'null: until it is taken off.' },
});

const change = (
  method: 'put' | 'delete',
  summary: string,
): Pick<Operation, 'method' | 'path' | 'summary' | 'needs' | 'parameters'> => ({
  method,
  path: '/admin/api/blacklist/{hotkey}',
  summary,
  needs: 'session',
  parameters: [ofPath('hotkey', "A miner's SS58 address.", string)],
});

export const blacklistApi: Omit<PanelApi, 'service'> = {
  schemas: { Blacklist: results('The entries that hold now, the newest first.', blacklistEntry) },
  operations: [
    reads('blacklist', 'List the miners that get no jobs', 'Blacklist'),
    {
      ...change('put', 'Give a miner no jobs'),
      body: {
        type: 'object',
        properties: {
          because: { ...string, description: 'Why, for people.' },
          hours: { ...orNull({ type: 'number' }), description: 'For how long; null: until it is taken off.' },
        },
        required: ['because'],
      },
      answers: { 200: is('Blacklist'), 400: is('FieldErrors', 'Detail'), ...refused },
    },
    {
      ...change('delete', 'Give a miner jobs again'),
      answers: { 200: is('Nothing'), ...refused, ...unknown },
    },
  ],
};
