import type { Provider } from '@nestjs/common';
import { AlertStore } from './alert-store.ts';
import { AlertOptions, AlertWatch } from './alert-watch.ts';
import { AlertReceivers } from './channels.ts';

/** What tells the operator's receivers when something needs a person. @param receivers the service's settings */
export const alertParts = (options: AlertOptions, receivers: AlertReceivers): Provider[] => [
  { provide: AlertOptions, useValue: options },
  { provide: AlertReceivers, useValue: receivers },
  AlertStore,
  AlertWatch,
];
