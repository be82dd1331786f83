import { integer, is, object, ofPath, orNull, string, time, type Operation } from '@horde/openapi';
import { reads, refused, results, unknown, type PanelApi } from '@horde/panel-server';

const signatory = object('A hotkey whose jobs are taken.', {
  hotkey: string,
  since: { ...orNull(time), description: "null: it is the validator's own." },
  unfinished_jobs: integer,
});

const change = (
  method: 'put' | 'delete',
  summary: string,
): Pick<Operation, 'method' | 'path' | 'summary' | 'needs' | 'parameters'> => ({
  method,
  path: '/admin/api/whitelist/{hotkey}',
  summary,
  needs: 'session',
  parameters: [ofPath('hotkey', "A user's SS58 address.", string)],
});

export const whitelistApi: Omit<PanelApi, 'service'> = {
  schemas: {
    Whitelist: results('The hotkeys whose jobs are taken, the newest first.', signatory),
    Signatory: signatory,
  },
  operations: [
    reads('whitelist', 'List the hotkeys whose jobs are taken', 'Whitelist'),
    {
      ...change('put', 'Take the jobs of a hotkey'),
      answers: { 200: is('Signatory'), 400: is('FieldErrors'), ...refused },
    },
    {
      ...change('delete', 'Take no more jobs of a hotkey'),
      answers: { 200: is('Nothing'), ...refused, ...unknown },
    },
  ],
};
