export * from './service-settings.ts';
export * from './settings.ts';
