import { boolean, integer, is, object, ofPath, query, string } from '@horde/openapi';
import { reads, unknown } from '../document.ts';

const stream = object('A part of a stream.', {
  from: {
    ...integer,
    description: 'Where the text begins: behind where it was asked for, something is missing.',
  },
  to: { ...integer, description: 'What follows is asked for from here.' },
  text: { ...string, description: 'What is no UTF-8 has been replaced.' },
  has_ended: { ...boolean, description: 'Nothing follows.' },
});

/** The answer of `JobOutputController`, for the document of a service that has it. */
export const jobOutputSchema = object('What a job prints, as far as it is here.', {
  is_kept: { ...boolean, description: 'Whether anybody has asked for what it prints.' },
  stdout: stream,
  stderr: stream,
});

const from = (name: string) =>
  query(name, `Where to go on with ${name}, in bytes; left out: near its end.`, integer);

export const jobOutputOperation = reads('jobs/{uuid}/output', 'Read what a job prints', 'JobOutput', {
  parameters: [ofPath('uuid', 'The job.', { ...string, format: 'uuid' }), from('stdout'), from('stderr')],
  answers: { 400: is('FieldErrors'), ...unknown },
});
