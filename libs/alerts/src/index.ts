export { createAlertTable } from './alert-store.ts';
export { messageOf, type AlertMessage } from './alert-message.ts';
export { AlertWatch } from './alert-watch.ts';
export { channelsOf, type AlertReceivers } from './channels.ts';
export { commonConditions } from './common-conditions.ts';
export type { Condition } from './condition.ts';
export { alertParts } from './parts.ts';
export { prometheusRules } from './prometheus-rules.ts';
