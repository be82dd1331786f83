import { appendFile } from 'node:fs/promises';
import type { ContainerCreateOptions } from 'dockerode';
import { DefaultJobRunner, type JobFolders, type JobSpec } from '@horde/job-runner';

/** A line is added here for each step of a job. In an executor's container /tmp is the machine's. */
const auditFile = process.env['JOB_AUDIT_FILE'] ?? '/tmp/horde-jobs.jsonl';

/** Runs jobs as the executor always does, and keeps a record of them for the machine's owner. */
export class AuditedJobRunner extends DefaultJobRunner {
  /** Every job's container carries a label that says where its record is. */
  protected override async containerOptions(
    _spec: JobSpec,
    options: ContainerCreateOptions,
  ): Promise<ContainerCreateOptions> {
    return { ...options, Labels: { ...options.Labels, 'audit.file': auditFile } };
  }

  protected override async beforeStart(spec: JobSpec, _folders: JobFolders): Promise<void> {
    await this.note(spec, { step: 'starting', image: await this.image(spec), gpu: spec.gpu });
  }

  protected override async afterStart(spec: JobSpec, containerId: string): Promise<void> {
    await this.note(spec, { step: 'started', container: containerId });
  }

  protected override async jobCleanup(spec: JobSpec): Promise<void> {
    await this.note(spec, { step: 'gone' });
  }

  private async note(spec: JobSpec, facts: Record<string, string>): Promise<void> {
    const line = JSON.stringify({ at: new Date().toISOString(), job: spec.jobUuid, ...facts });
    await appendFile(auditFile, `${line}\n`);
  }
}
