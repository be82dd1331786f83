import { Box, Typography } from '@mui/material';
import type { PanelJobPage } from '@horde/panel-api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Title, useGetRecordId } from 'react-admin';
import { ask } from '../api.ts';
import { mayOperate } from '../auth-provider.ts';
import { CancelButton } from '../parts/cancel-button.tsx';
import { Elsewhere } from '../parts/elsewhere.tsx';
import { PrintedText } from '../parts/output/printed-text.tsx';
import { Part } from '../parts/part.tsx';
import { Standing } from '../parts/standing.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { useNow } from '../parts/use-now.ts';
import { bytesWords } from '../words.ts';
import { JobDescription } from './job-description.tsx';
import { JobFacts } from './job-facts.tsx';
import { useJobEvents, type JobNews, type Transfer } from './use-job-events.ts';

const states: Record<JobNews['state'], string> = {
  live: 'Shown as it is printed.',
  interrupted: 'The connection was lost, and is opened again.',
  ended: 'The job has ended, and this is what is kept of it.',
};

/** A job: why it is where it is, what happened and how long it took, and what it prints. */
export const JobPage = () => {
  const uuid = String(useGetRecordId());
  const news = useJobEvents(uuid);
  const queries = useQueryClient();
  const { data: job, error } = useQuery({
    queryKey: ['job', uuid],
    queryFn: () => ask<PanelJobPage>(`jobs/${uuid}`),
  });
  useEffect(() => void queries.invalidateQueries({ queryKey: ['job', uuid] }), [news.changes, queries, uuid]);
  const now = useNow(job?.has_ended === false);
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!job) return <Typography role="status">Loading …</Typography>;
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title={`Job ${uuid}`} />
      <Standing job={job} now={now}>
        <Elsewhere service="validator" job={job.uuid} />
        {!job.has_ended && mayOperate() && (
          <CancelButton
            uuid={job.uuid}
            isCancelled={job.cancelled_at !== null}
            consequence={`Its user, ${job.hotkey}, is told that the operator of the facilitator has cancelled it.`}
            done="The job is cancelled: its validator ends it."
            queryKey={['job', job.uuid]}
          />
        )}
      </Standing>
      <Part title="What happened">
        <Timeline spans={job.timeline} now={now} />
        <Transfers transfers={news.transfers} />
      </Part>
      <JobDescription uuid={uuid} />
      <Part title="What it prints">
        <PrintedText printed={news.printed} hasEnded={news.state === 'ended'} says={states[news.state]} />
      </Part>
      <Part title="What was asked for">
        <JobFacts job={job} />
      </Part>
    </Box>
  );
};

const Transfers = ({ transfers }: { transfers: Transfer[] }) => (
  <Box component="ul" sx={{ m: 0, pl: 3 }}>
    {transfers.map(({ stage, name, done, total }) => (
      <Typography component="li" variant="body2" key={`${stage} ${name}`} sx={{ overflowWrap: 'anywhere' }}>
        {stage} of {name}: {bytesWords(done)}
        {total === null ? '' : ` of ${bytesWords(total)}`}
      </Typography>
    ))}
  </Box>
);
