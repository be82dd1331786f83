import { Box, Typography } from '@mui/material';
import type { ValidatorMinerPage } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { Title, useGetRecordId } from 'react-admin';
import { ask } from '../../api.ts';
import { mayOperate } from '../../auth-provider.ts';
import { useLive } from '../../parts/live/use-live.ts';
import { Moment } from '../../parts/moment.tsx';
import { Part } from '../../parts/part.tsx';
import { Rows } from '../../parts/rows.tsx';
import { JobLink } from '../links.tsx';
import { reasons } from '../records/blacklist.tsx';
import { Unblacklist } from '../records/unblacklist.tsx';
import { BlacklistButton } from './blacklist-dialog.tsx';
import { CapacityChart } from './capacity-chart.tsx';
import { MinerFacts, Standings } from './miner-facts.tsx';

/** A miner: why it is chosen or not, what it has, and what it has done. */
export const MinerPage = () => {
  const hotkey = String(useGetRecordId());
  const { data: miner, error } = useQuery({
    queryKey: ['miners', 'page', hotkey],
    queryFn: () => ask<ValidatorMinerPage>(`miners/${encodeURIComponent(hotkey)}`),
    refetchInterval: useLive(),
  });
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!miner) return <Typography role="status">Loading …</Typography>;
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2, '& > *': { minWidth: 0 } }}>
      <Title title={`Miner ${hotkey}`} />
      <Box sx={{ display: 'flex', gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>
        <Typography role="status">{miner.sentence}</Typography>
        {mayOperate() && <BlacklistButton hotkey={hotkey} />}
        {mayOperate() && miner.blacklist.length > 0 && <Unblacklist hotkey={hotkey} />}
      </Box>
      <Part title="What is for and against it">
        <Typography variant="body2">For a job of {miner.job_seconds} executor-seconds.</Typography>
        <Standings miner={miner} />
      </Part>
      {miner.blacklist.length > 0 && (
        <Part title="On the blacklist">
          <Rows
            label="On the blacklist"
            rows={miner.blacklist}
            keyOf={({ id }) => id}
            columns={[
              ['Because', ({ reason }) => reasons[reason] ?? reason],
              ['Details', ({ details }) => details],
              ['Since', ({ blacklisted_at }) => <Moment time={blacklisted_at} />],
              [
                'Until',
                (one) => (one.expires_at === null ? 'it is taken off' : <Moment time={one.expires_at} />),
              ],
            ]}
            none=""
          />
        </Part>
      )}
      <Part title="Its executors">
        <CapacityChart hours={miner.hours} />
      </Part>
      <Part title="Incidents">
        <Typography variant="body2">
          Incidents of the last {miner.incident_hours} hours count: the more of them, the later it is asked.
        </Typography>
        <Rows
          label="Incidents"
          rows={miner.incidents}
          keyOf={(one) => `${one.at} ${one.job_uuid}`}
          columns={[
            ['When', ({ at }) => <Moment time={at} />],
            ['What', ({ kind }) => kind.replaceAll('_', ' ')],
            ['Class', ({ executor_class }) => executor_class],
            ['Job', ({ job_uuid }) => <JobLink uuid={job_uuid} />],
            ['Counts', ({ counts }) => (counts ? 'yes' : 'no longer')],
          ]}
          none="It has had none."
        />
      </Part>
      <Part title="Jobs that it was asked to run">
        <Rows
          label="Jobs that it was asked to run"
          rows={miner.attempts}
          keyOf={({ job_uuid, number }) => `${job_uuid} ${number}`}
          columns={[
            ['Job', ({ job_uuid }) => <JobLink uuid={job_uuid} />],
            ['Attempt', ({ number }) => number],
            ['Class', ({ executor_class }) => executor_class],
            ['Asked', ({ started_at }) => <Moment time={started_at} />],
            ['Ended', ({ ended_at }) => (ended_at === null ? 'goes on' : <Moment time={ended_at} />)],
            ['How', ({ outcome }) => outcome?.replaceAll('_', ' ') ?? ''],
            ['Why', ({ message }) => message ?? ''],
          ]}
          none="It was asked for none in the last two days."
        />
      </Part>
      <Part title="Who it is">
        <MinerFacts miner={miner} />
      </Part>
    </Box>
  );
};
