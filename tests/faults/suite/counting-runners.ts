import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import {
  DefaultJobRunner,
  ProcessJobRunner,
  type Ending,
  type JobFolders,
  type JobSpec,
  type RunOptions,
} from '@horde/job-runner';

/** Where each start of a job is noted; beside it what is to be done wrong. */
const starts = process.env['HORDE_FAULTS_STARTS']!;
const broken = process.env['HORDE_FAULTS_BREAK'] ?? '';

const note = (spec: JobSpec): void => appendFileSync(starts, `${spec.jobUuid}\n`);

/** Runs a job's command as a process, and notes that it has. */
export class CountingProcessRunner extends ProcessJobRunner {
  override async run(spec: JobSpec, folders: JobFolders, options: RunOptions): Promise<Ending> {
    note(spec);
    if (broken === 'runs-twice') note(spec);
    if (broken === 'secret-logged') process.stdout.write(`connected with ${process.env['EXECUTOR_TOKEN']}\n`);
    if (broken === 'folder-left') mkdirSync(path.join(path.dirname(folders.root), `left-${spec.jobUuid}`));
    const command = broken === 'output-dropped' ? [...spec.command.slice(0, -1), '5'] : spec.command;
    return super.run({ ...spec, command }, folders, options);
  }
}

/** Runs a job in a container, and notes each container that was started. */
export class CountingContainerRunner extends DefaultJobRunner {
  protected override async afterStart(spec: JobSpec, _containerId: string): Promise<void> {
    note(spec);
  }
}
