import type { ErrorRow } from './row.ts';

/** What is wrong with an executor's machine: its Docker engine, its disk, its isolation. */
export const machineErrors = {
  ENGINE_UNREACHABLE: {
    facts: ['why'],
    says: 'The executor cannot reach its Docker engine: {why}.',
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  SECURITY_CHECK_FAILED: {
    facts: ['found'],
    says: '{found}',
    hint: 'The job was not started here. Its miner has to mend the machine.',
    retryable: true,
    wire: { reason: 'security_check_failed' },
  },
  ENGINE_REFUSED: {
    facts: ['why'],
    says: 'The Docker engine refused: {why}',
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  ENGINE_SLOW: {
    facts: ['task', 'seconds'],
    says: 'The Docker engine did not {task} within {seconds} seconds.',
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  ENGINE_OUTPUT_REFUSED: {
    facts: ['status'],
    says: "The Docker engine refused to give the job's output: it answered with HTTP {status}.",
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  ENGINE_OUTPUT_CLOSED: {
    says: "The Docker engine closed the connection that the job's output comes by.",
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  RUNTIME_UNKNOWN: {
    facts: ['runtime', 'runtimes'],
    says: "The Docker engine of this machine has no runtime {runtime:quoted} (it has {runtimes}). Register it in the engine's daemon.json, or set another JOB_RUNTIME.",
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  NVIDIA_RUNTIME_MISSING: {
    says: 'This machine has no NVIDIA container runtime, which a job with GPUs needs. Install the NVIDIA Container Toolkit and run: nvidia-ctk runtime configure --runtime=docker',
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  DISK_NOT_MEASURED: {
    facts: ['why'],
    says: "The disk that the job's files take cannot be measured by du: {why}.",
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  OUTPUT_NOT_STORED: {
    facts: ['why'],
    says: 'What the job printed could not be stored: {why}.',
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  OUTPUT_NOT_PLACED: {
    facts: ['why'],
    says: 'What the job printed could not be put into its output folder: {why}.',
    retryable: true,
    wire: { reason: 'generic_error' },
  },
  JOB_FOLDERS_NOT_MADE: {
    facts: ['base', 'why'],
    says: "The job's folders cannot be made in {base}, the JOB_FOLDER of this machine: {why}.",
    retryable: true,
    wire: { reason: 'generic_error' },
  },
} as const satisfies Record<string, ErrorRow>;
