/**
 * Runs a job that never ends, with a network for it, until it is killed. Arguments: base of the folders, job's uuid,
 * image. Prints one line once the job runs: the owner of all of it.
 */
import { watch } from 'node:fs';
import Docker from 'dockerode';
import { DefaultJobRunner } from '../docker/default-job-runner.ts';
import { ownerLabels, ownerOn } from '../docker/owner.ts';
import { makeJobFolders } from '../folders.ts';

const [base, jobUuid, image] = process.argv.slice(2) as [string, string, string];
const docker = new Docker();
const owner = await ownerOn(docker);
const folders = await makeJobFolders(base, jobUuid, owner);
watch(folders.output, (_, file) => {
  if (file === 'started') process.stdout.write(`${owner}\n`);
});
await docker.createNetwork({
  Name: `ch-${jobUuid}`,
  Internal: true,
  Labels: await ownerLabels(jobUuid, { docker }),
});
await new DefaultJobRunner({ docker }).run(
  {
    jobUuid,
    image,
    command: ['sh', '-c', 'trap "" TERM; touch /output/started; while :; do sleep 1; done'],
    env: new Map(),
    artifactsDir: null,
    gpu: 'none',
    script: null,
  },
  folders,
  { signal: new AbortController().signal, deadline: Date.now() + 600_000 },
);
