export { alertCommands, type AlertContext } from './alert-commands.ts';
export { checkCertificate } from './checks/certificate.ts';
export { checkClock } from './checks/clock.ts';
export { minersOf } from './checks/miners.ts';
export { checkDatabase } from './checks/database.ts';
export { checkDisk, diskFinding } from './checks/disk.ts';
export { checkRedis } from './checks/redis.ts';
export { checkWallet } from './checks/wallet.ts';
export { doctorOf } from './doctor.ts';
export { doctorCommand } from './doctor-command.ts';
export { explainCommand } from './explain/explain-command.ts';
export { explainPage } from './explain/explain-page.ts';
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
export { migrateCommand, type MigrateContext } from './migrate-command.ts';
export { operatorCommands, type OperatorContext } from './operator-commands.ts';
export { runCommand, type CommandProgram } from './run-command.ts';
export { ServiceCommand } from './service-command.ts';
export {
  askStreamingJob,
  makeStreamingUser,
  type StreamingPlace,
  type StreamingUser,
} from './streaming-user.ts';
export { supportBundle } from './support-bundle/support-bundle.command.ts';
export { reachedAt } from './support-bundle/reached-at.ts';
export { requireHotkey, UsageError } from './usage-error.ts';
export { counted } from './take-over/changes.ts';
export { eachReceipt, leaveFaults } from './take-over/old-receipts.ts';
export { panelSettings } from './take-over/settings.ts';
export { createTakenOverTable } from './take-over/tables.ts';
export { leave, type Found, type Part } from './take-over/take-over.ts';
export { takeOverCommands, type TakeOverFacts } from './take-over/take-over-commands.ts';
export { panelUsers } from './take-over/users.ts';
