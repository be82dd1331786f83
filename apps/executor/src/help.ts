import { settingsHelp } from '@horde/operations';
import { ExecutorSettings } from './settings.ts';

/** What is printed for --help. */
export const executorHelp =
  (): string => `Usage: executor run_executor --startup-time-limit SECONDS [--job-runner-class NAME|FILE:CLASS]

Runs one job for the miner that started it, and ends. A miner starts its executors by itself.

Options:
  --startup-time-limit SECONDS    how long it may take from its connection to being ready
  --job-runner-class NAME         docker, process, or a class of your own as path/to/module.ts:ClassName

${settingsHelp('executor', ExecutorSettings)}
`;
