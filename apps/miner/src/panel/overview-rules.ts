import type { MinerOverview } from '@horde/panel-api';

/** How the miner is, and first what is amiss. */
export function overviewSentence({
  classes,
  troubles,
  connected_validators: connected,
  active_validators: active,
  hours,
}: Pick<
  MinerOverview,
  'classes' | 'troubles' | 'connected_validators' | 'active_validators' | 'hours'
>): string {
  const sum = (numbers: number[]) => numbers.reduce((one, other) => one + other, 0);
  const offered = sum(classes.map((one) => one.offered));
  const busy = sum(classes.map((one) => one.busy));
  const failed = sum(hours.map((hour) => hour.failed));
  const completed = sum(hours.map((hour) => hour.completed));
  return [
    ...troubles,
    offered === 0
      ? 'No executor is offered to validators now.'
      : `${busy} of ${offered} executors ${busy === 1 ? 'is' : 'are'} busy.`,
    connected > 0
      ? `${validators(connected)} connected.`
      : `No validator is connected, of ${active} that may be.`,
    failed + completed === 0
      ? 'No job has ended within 24 hours.'
      : `Within 24 hours ${completed} ${completed === 1 ? 'job was' : 'jobs were'} completed, and ${failed} failed.`,
  ].join(' ');
}

const validators = (count: number): string => (count === 1 ? '1 validator is' : `${count} validators are`);
