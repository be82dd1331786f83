import { Box, Link, Typography } from '@mui/material';
import type { PanelUser } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { EditButton, Title, useGetRecordId } from 'react-admin';
import { ask } from '../api.ts';
import { mayOperate } from '../auth-provider.ts';
import { Facts } from '../parts/facts.tsx';
import { useLive } from '../parts/live/use-live.ts';
import { Moment } from '../parts/moment.tsx';
import { Part } from '../parts/part.tsx';
import { countWords, limitWords } from './users.tsx';

/** A user: what it did, and how much it may do. */
export const UserPage = () => {
  const hotkey = String(useGetRecordId());
  const { data: user, error } = useQuery({
    queryKey: ['whitelist', 'page', hotkey],
    queryFn: () => ask<PanelUser>(`whitelist/${encodeURIComponent(hotkey)}`),
    refetchInterval: useLive(),
  });
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!user) return <Typography role="status">Loading …</Typography>;
  const isIn = user.since !== null;
  const jobs = `#/jobs?filter=${encodeURIComponent(JSON.stringify({ hotkey }))}`;
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title={`User ${hotkey}`} />
      <Typography role="status">{sentenceOf(user)}</Typography>
      <Box sx={{ display: 'flex', gap: 2, alignItems: 'center' }}>
        <Link href={jobs}>Its jobs</Link>
        {mayOperate() && (
          <EditButton
            record={{ ...user, id: hotkey }}
            label={isIn ? 'Change its quotas' : 'Let it in again'}
          />
        )}
      </Box>
      <Part title="Facts">
        <Facts
          facts={[
            ['Hotkey', <code key="">{hotkey}</code>],
            ['On the whitelist since', isIn ? <Moment key="" time={user.since} /> : 'no longer'],
            ['Last job', <Moment key="" time={user.last_job_at} />],
            ['May have unfinished', isIn ? limitWords(user.max_unfinished_jobs) : 'none'],
            ['May create a minute', isIn ? limitWords(user.max_creations_per_minute) : 'none'],
          ]}
        />
      </Part>
    </Box>
  );
};

function sentenceOf({ since, unfinished_jobs, recent_jobs, recent_failures }: PanelUser): string {
  const now = unfinished_jobs === 0 ? 'none waits or runs' : `${unfinished_jobs} wait or run`;
  const gone = since === null ? 'It is not on the whitelist any more, and creates no jobs. ' : '';
  return `${gone}Of its jobs ${now}. In the last 24 hours it created ${countWords(recent_jobs)}, of which ${recent_failures} have failed.`;
}
