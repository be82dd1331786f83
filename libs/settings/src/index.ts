export * from './env-file.ts';
export * from './service-settings.ts';
export * from './settings.ts';
export { unreadOf, unreadVariables } from './unread-variables.ts';
export { trimValue } from './written-value.ts';
