export { CommandContext } from './command-context.ts';
export { configCommands, type ConfigContext } from './config-commands.ts';
export { commandProcess } from './command-process.ts';
export {
  allGood,
  fail,
  ok,
  fullReasonOf,
  reportJson,
  reportLines,
  reportSum,
  warn,
  type Finding,
} from './report.ts';
export { runCommand, type CommandProgram } from './run-command.ts';
export { ServiceCommand } from './service-command.ts';
export {
  askStreamingJob,
  makeStreamingUser,
  type StreamingPlace,
  type StreamingUser,
} from './streaming-user.ts';
export { requireHotkey, UsageError } from './usage-error.ts';
