import { Keypair } from '@horde/identity';
import type { ExecutorClass } from '@horde/protocol';
import { newJob } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { expect, it } from 'vitest';
import { jobRequest } from './messages.ts';

const keypair = Keypair.generate();

it.each<[ExecutorClass, string]>([
  ['spin_up-4min.gpu-24gb', 'nvidia_all'],
  ['always_on.gpu-24gb', 'nvidia_all'],
  ['always_on.llm.a6000', 'nvidia_all'],
  ['always_on.test', 'none'],
  ['always_on.cpu.8c.16gb', 'none'],
])('a job of class %s asks for the GPUs of its executor: %s', (executor_class, preset) => {
  const request = jobRequest('a', newJob('a', null, { executor_class }), keypair);
  expect(request.docker_run_options_preset).toBe(preset);
});
