import { Box, Typography } from '@mui/material';
import type { MinerJobPage, PanelFiles } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { Title, useGetRecordId } from 'react-admin';
import { ask } from '../api.ts';
import { Elsewhere } from '../parts/elsewhere.tsx';
import { Facts, type Fact } from '../parts/facts.tsx';
import { Frames } from '../parts/frames.tsx';
import { useLive } from '../parts/live/use-live.ts';
import { JobOutput } from '../parts/output/job-output.tsx';
import { Moment } from '../parts/moment.tsx';
import { Part } from '../parts/part.tsx';
import { Standing } from '../parts/standing.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { useNow } from '../parts/use-now.ts';
import { JobReceipts } from './job-receipts.tsx';

/** A job: why it is where it is, its stages against their limits, its executor and its receipts. */
export const JobPage = () => {
  const uuid = String(useGetRecordId());
  const { data: job, error } = useQuery({
    queryKey: ['jobs', 'page', uuid],
    queryFn: () => ask<MinerJobPage>(`jobs/${uuid}`),
    refetchInterval: useLive(),
  });
  const now = useNow(job?.has_ended === false);
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!job) return <Typography role="status">Loading …</Typography>;
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title={`Job ${uuid}`} />
      <Standing job={job} now={now}>
        <Elsewhere service="validator" job={uuid} />
      </Standing>
      <Part title="What happened">
        <Timeline spans={job.timeline} now={now} />
      </Part>
      <JobOutput job={uuid} next="validator" />
      <Part title="Its executor">
        <Facts facts={executorFacts(job)} />
      </Part>
      <Part title="What was asked for">
        <Facts facts={askedFacts(job)} />
      </Part>
      <Part title="Receipts">
        <JobReceipts receipts={job.receipts} />
      </Part>
      <Frames job={uuid} />
    </Box>
  );
};

function executorFacts(job: MinerJobPage): Fact[] {
  const { host, executor, executor_class, deadline, exit_status } = job;
  const none = job.has_ended ? 'never' : 'not yet';
  const noCode = job.has_ended ? 'not known' : 'none yet';
  return [
    ['Class', executor_class],
    ['Host', host ?? 'none'],
    ['Container', executor.container ?? 'none'],
    ['Connects from', executor.address ?? 'nowhere yet'],
    ['Asked to start', <Moment key="" time={executor.start_requested_at} none={none} />],
    ['Connected', <Moment key="" time={executor.connected_at} none={none} />],
    ['Gone', <Moment key="" time={executor.exited_at} none={none} />],
    ['Its exit code', executor.exit_code ?? noCode],
    ["The job's own exit code", exit_status ?? noCode],
    ['Ended by force after', <Moment key="" time={deadline} />],
  ];
}

function askedFacts(job: MinerJobPage): Fact[] {
  return [
    ['Job', <code key="">{job.uuid}</code>],
    ['Asked for', <Moment key="" time={job.accepted_at} />],
    ['Validator', <code key="">{job.validator_hotkey}</code>],
    ['Image', job.docker_image ?? 'none yet'],
    ['Arguments', job.args.length > 0 ? <code key="">{job.args.join(' ')}</code> : 'none'],
    ['Environment', job.env_names.join(', ') || 'none'],
    ['Volumes', files(job.volumes)],
    ['Uploads', files(job.uploads)],
    ['Artifacts in', job.artifacts_dir ?? 'none'],
    ['Streaming', job.is_streaming ? 'yes' : 'no'],
    ['Cancelled', job.cancelled_at ? <Moment key="" time={job.cancelled_at} /> : 'no'],
  ];
}

const files = (all: PanelFiles[]): string =>
  all.map(({ type, path }) => (path ? `${type}: ${path}` : type)).join(', ') || 'none';
