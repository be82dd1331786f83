import type { Condition } from './condition.ts';

/** What differs from service to service of the conditions that all have. */
interface CommonOptions {
  service: string;
  /** Shows how the service is. */
  look: string;
  /** Has the chain asked. */
  askChain: string;
  /** How long the chain may not have been asked. @unit seconds */
  chainAge?: number;
  /** From where on signatures are refused for a clock that is wrong. @unit seconds */
  clockTolerance: number;
}

/** The conditions that every service has. */
export function commonConditions({
  service,
  look,
  askChain,
  chainAge,
  clockTolerance,
}: CommonOptions): Condition[] {
  const name = service[0]!.toUpperCase() + service.slice(1);
  const where = { service };
  const all: Condition[] = [
    {
      name: `${name}NotReady`,
      metric: 'horde_ready',
      where,
      is: 'below',
      limit: 1,
      for: 180,
      severity: 'critical',
      says: `The ${service} runs, and lacks something that it needs.`,
      command: look,
    },
    {
      name: `${name}JobsLetDown`,
      metric: 'horde_jobs_let_down_ratio',
      where,
      is: 'above',
      limit: 0.5,
      for: 300,
      severity: 'critical',
      says: `{value} of the jobs of the last hour were let down at the ${service}, by no fault of theirs.`,
      command: `./horde run ${service} explain`,
    },
    {
      name: `${name}JobsWait`,
      metric: 'horde_waiting_oldest_seconds',
      where,
      is: 'above',
      limit: 900,
      for: 60,
      severity: 'warning',
      says: `A job has waited at the ${service} for {value} to be begun.`,
      command: `./horde run ${service} explain`,
    },
    {
      name: `${name}DiskFills`,
      metric: 'horde_disk_free_ratio',
      where,
      is: 'below',
      limit: 0.1,
      for: 300,
      severity: 'critical',
      says: `A disk of the ${service} has {value} left: that of {folder}.`,
      command: 'df -h',
    },
    {
      name: `${name}RetentionStands`,
      metric: 'horde_last_done_seconds',
      where: { ...where, work: 'retention' },
      is: 'above',
      limit: 3 * 3_600,
      for: 300,
      severity: 'warning',
      says: `The ${service} has not removed old records for {value}: its database grows.`,
      command: `./horde run ${service} evict_old_data`,
    },
    {
      name: `${name}BackupStands`,
      metric: 'horde_last_done_seconds',
      where: { ...where, work: 'backup' },
      is: 'above',
      limit: 26 * 3_600,
      for: 300,
      severity: 'warning',
      says: `The last backup of the ${service}'s database was made {value} ago.`,
      command: `./horde run ${service} back_up`,
    },
    {
      name: `${name}CertificateEnds`,
      metric: 'horde_attention',
      where: { ...where, check: 'certificate' },
      is: 'above',
      limit: 0,
      for: 3_600,
      severity: 'warning',
      says: `The certificate of the ${service} ends within 14 days and is not renewed, or there is none.`,
      command: look,
    },
    {
      name: `${name}UpdateRefused`,
      metric: 'horde_attention',
      where: { ...where, check: 'runner' },
      is: 'above',
      limit: 0,
      for: 60,
      severity: 'warning',
      says: `An update of the ${service} was refused or taken back, and is not tried again: the release before runs on.`,
      command: `docker exec PROJECT-${service}-runner-1 runner status`,
    },
    {
      name: `${name}ClockOff`,
      metric: 'horde_clock_ahead_seconds',
      where,
      is: 'apart',
      limit: 5,
      for: 300,
      severity: 'warning',
      says: `The clock of the ${service}'s machine is {value} ahead of its database's, or behind where that is negative; signatures are refused for it.`,
      command: look,
    },
    {
      name: `${name}ClockApart`,
      metric: 'horde_clock_ahead_of_peers_seconds',
      where,
      is: 'apart',
      limit: clockTolerance,
      for: 300,
      severity: 'critical',
      says: `The clock of the ${service}'s machine is {value} ahead of those of {peers}, and of most others that it hears of, or behind where that is negative; signatures are refused for it.`,
      command: 'timedatectl set-ntp true',
    },
  ];
  if (chainAge !== undefined)
    all.push({
      name: `${name}ChainSilent`,
      metric: 'horde_last_done_seconds',
      where: { ...where, work: 'chain' },
      is: 'above',
      limit: chainAge,
      for: 60,
      severity: 'critical',
      says: `The ${service} has not learnt for {value} who is who on the chain.`,
      command: askChain,
    });
  return all;
}
