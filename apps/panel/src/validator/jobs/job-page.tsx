import { Box, Typography } from '@mui/material';
import type { ValidatorJobPage } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { Title, useGetRecordId } from 'react-admin';
import { ask } from '../../api.ts';
import { mayOperate } from '../../auth-provider.ts';
import { CancelButton } from '../../parts/cancel-button.tsx';
import { Frames } from '../../parts/frames.tsx';
import { Elsewhere } from '../../parts/elsewhere.tsx';
import { useLive } from '../../parts/live/use-live.ts';
import { JobOutput } from '../../parts/output/job-output.tsx';
import { Part } from '../../parts/part.tsx';
import { Standing } from '../../parts/standing.tsx';
import { Timeline } from '../../parts/timeline.tsx';
import { useNow } from '../../parts/use-now.ts';
import { Attempts } from './attempts.tsx';
import { Choices } from './choices.tsx';
import { JobFacts } from './job-facts.tsx';
import { Receipts } from './receipts.tsx';
import { RunAgainButton } from './run-again-button.tsx';

/** A job: why it is where it is, what happened, which miners were asked and why, and what was signed about it. */
export const JobPage = () => {
  const uuid = String(useGetRecordId());
  const { data: job, error } = useQuery({
    queryKey: ['jobs', 'page', uuid],
    queryFn: () => ask<ValidatorJobPage>(`jobs/${uuid}`),
    refetchInterval: useLive(),
  });
  const now = useNow(job?.has_ended === false);
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!job) return <Typography role="status">Loading …</Typography>;
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title={`Job ${job.uuid}`} />
      <Standing job={job} now={now}>
        {job.facilitator !== 'operator' && <Elsewhere service="facilitator" job={job.uuid} />}
        {mayOperate() && job.has_ended && <RunAgainButton job={job} />}
        {mayOperate() && !job.has_ended && (
          <CancelButton
            uuid={job.uuid}
            isCancelled={job.cancelled_by !== null}
            consequence="Its user is told that the operator of the validator has cancelled it. Its miner is paid for the time that its executor had the job."
            done="The job is cancelled."
            queryKey={['jobs', 'page', job.uuid]}
          />
        )}
      </Standing>
      <Part title="What happened">
        <Timeline spans={job.timeline} now={now} />
      </Part>
      <JobOutput job={job.uuid} next="facilitator" />
      <Part title="Miners that were asked">
        <Attempts attempts={job.tries} />
      </Part>
      <Part title="How miners were chosen">
        <Choices choices={job.choices} />
      </Part>
      <Part title="Receipts">
        <Receipts receipts={job.receipts} />
      </Part>
      <Frames job={job.uuid} />
      <Part title="What was asked for">
        <JobFacts job={job} />
      </Part>
    </Box>
  );
};
