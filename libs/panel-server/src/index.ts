export { keptChanges, recordChange, type Author } from './audit.ts';
export { ConfigurationController } from './configuration/configuration.controller.ts';
export { recordSetting } from './configuration/record-setting.ts';
export { Operators } from './accounts/operators.ts';
export { minPasswordLength, newPassword } from './accounts/passwords.ts';
export type { Session } from './accounts/sessions.ts';
export {
  configurationOperations,
  jobsByHour,
  spansByHour,
  panelDocument,
  pages,
  panelOperations,
  reads,
  readsPages,
  refused,
  results,
  spans,
  unknown,
  type PanelApi,
} from './document.ts';
export { JobFramesController } from './frames/job-frames.controller.ts';
export { jobFramesOperation, jobFramesSchema } from './frames/job-frames-document.ts';
export { JobOutputController } from './output/job-output.controller.ts';
export { jobOutputOperation, jobOutputSchema } from './output/job-output-document.ts';
export { AdminApi } from './http/admin-api.ts';
export { CurrentSession } from './http/current-session.ts';
export { CurrentOperator, OperatorGuard } from './http/operator.guard.ts';
export { LastHours, sampledJobs } from './lists/last-hours.ts';
export { listRows, readPiece, type RowsToList } from './lists/rows-behind.ts';
export { PanelModule } from './panel.module.ts';
export { addHotkeyLogins, createPanelTables, dropHotkeyLogins, dropPanelTables } from './tables.ts';
export { timeText } from './lists/time-text.ts';
export {
  stageSentence,
  timelineOf,
  type JobLimits,
  type StatusEntry,
  type WaitEntry,
} from './timeline-rules.ts';
