import { boolean, integer, list, object, ofPath, orNull, string, time } from '@horde/openapi';
import { reads, unknown } from '../document.ts';

/** The answer of `JobFramesController`, for the document of a service that has it. */
export const jobFramesSchema = object('What was exchanged about a job, in its order.', {
  results: list(
    object('A frame, without secrets.', {
      at: time,
      peer: string,
      is_sent: boolean,
      called: { ...string, description: 'What the job is called in it.' },
      type: string,
      size: { ...integer, description: 'Of the frame as it was exchanged, in characters.' },
      body: {
        ...orNull(string),
        description: 'JSON, cut where it is long. null: it was too large to be read.',
      },
    }),
  ),
  is_full: { ...boolean, description: 'More than this is not kept of a job.' },
});

export const jobFramesOperation = reads(
  'jobs/{uuid}/frames',
  'See what was exchanged about a job',
  'JobFrames',
  { parameters: [ofPath('uuid', 'The job.', { ...string, format: 'uuid' })], answers: unknown },
);
