export { CannotStart, listenAt, serveOnly } from './listen.ts';
export { LogThrottle } from './log-throttle.ts';
export { Health, HealthModule, type HealthCheck } from './health.ts';
export {
  createLogger,
  FrameworkLogger,
  LOGGER,
  withLogContext,
  type LogContext,
  type Logger,
} from './logger.ts';
export { MetricsAccessModule, MetricsGuard } from './metrics-access.ts';
export { measureOnce, tryToMeasure } from './measure-once.ts';
export { isSecretName, redact } from './redaction/redact.ts';
export { redactJson } from './redaction/redact-json.ts';
export { repeat, sparingly } from './repeat.ts';
export { runService, type ServiceOptions } from './run-service.ts';
export { helpFor, settingsHelp, type ServiceHelp } from './service-help.ts';
export { troubleLog } from './trouble.ts';
