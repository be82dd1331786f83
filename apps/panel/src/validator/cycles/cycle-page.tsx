import { Box, Typography } from '@mui/material';
import type { PanelCycleMiner, PanelCyclePage } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { Title, useGetRecordId } from 'react-admin';
import { ask } from '../../api.ts';
import { Facts } from '../../parts/facts.tsx';
import { Hotkey } from '../../parts/hotkey.tsx';
import { useLive } from '../../parts/live/use-live.ts';
import { Moment } from '../../parts/moment.tsx';
import { Part } from '../../parts/part.tsx';
import { Rows } from '../../parts/rows.tsx';
import { JobLink, MinerLink } from '../links.tsx';

const number = (value: number): string => value.toLocaleString(undefined, { maximumSignificantDigits: 6 });

const scores = ({ scores: byClass }: PanelCycleMiner): string =>
  Object.entries(byClass)
    .map(([name, score]) => `${name}: ${number(score)}`)
    .join(', ');

const noteOf = ({ is_main, note }: PanelCycleMiner): string =>
  [is_main ? 'main hotkey' : null, note].filter((part) => part !== null).join('; ');

/** A cycle: how its weights stand, who gets what, and why. */
export const CyclePage = () => {
  const start = String(useGetRecordId());
  const { data: cycle, error } = useQuery({
    queryKey: ['cycles', 'page', start],
    queryFn: () => ask<PanelCyclePage>(`cycles/${encodeURIComponent(start)}`),
    refetchInterval: useLive(),
  });
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!cycle) return <Typography role="status">Loading …</Typography>;
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2, '& > *': { minWidth: 0 } }}>
      <Title title={`Cycle of blocks ${cycle.cycle_start} to ${cycle.cycle_end - 1}`} />
      <Typography role="status">{cycle.sentence}</Typography>
      <Part title="How it stands">
        <CycleFacts cycle={cycle} />
      </Part>
      <Part title="Who gets what">
        <Rows
          label="Who gets what"
          rows={cycle.miners}
          keyOf={({ hotkey }) => hotkey}
          columns={[
            ['Miner', ({ hotkey }) => <MinerLink hotkey={hotkey} />],
            ['Weight', ({ weight }) => (weight === null ? 'none' : number(weight))],
            ['Score, executor-seconds', scores],
            ['Coldkey', ({ coldkey }) => coldkey && <Hotkey address={coldkey} />],
            ['Note', noteOf],
          ]}
          none="Nobody gets anything, or it is not computed yet."
        />
      </Part>
      <Part title="Executor classes">
        <Rows
          label="Executor classes"
          rows={cycle.classes}
          keyOf={({ executor_class }) => executor_class}
          columns={[
            ['Class', ({ executor_class }) => executor_class],
            ['Weight', ({ weight }) => number(weight)],
            ['Executor-seconds, with bonuses', ({ total }) => number(total)],
          ]}
          none="No job was paid for in any."
        />
      </Part>
      <Part title="Coldkeys">
        <Rows
          label="Coldkeys"
          rows={cycle.coldkeys}
          keyOf={({ executor_class, coldkey }) => `${executor_class} ${coldkey}`}
          columns={[
            ['Coldkey', ({ coldkey }) => <Hotkey address={coldkey} />],
            ['Class', ({ executor_class }) => executor_class],
            ['Paid for, executor-seconds', ({ total }) => number(total)],
            [
              'Main hotkey',
              ({ main_hotkey }) => (main_hotkey ? <Hotkey address={main_hotkey} /> : 'unknown'),
            ],
            ['Bonus', ({ danced }) => (danced ? 'yes: another main hotkey than before' : 'no')],
          ]}
          none="Nobody was paid for a job."
        />
      </Part>
      <Part title="Left out: reported as cheated">
        <Rows
          label="Left out: reported as cheated"
          rows={cycle.cheated}
          keyOf={({ job_uuid }) => job_uuid}
          columns={[
            ['Job', ({ job_uuid }) => <JobLink uuid={job_uuid} />],
            ['Miner', ({ miner_hotkey }) => <MinerLink hotkey={miner_hotkey} />],
            ['Executor-seconds', ({ cost }) => number(cost)],
          ]}
          none="None was."
        />
      </Part>
      <Part title="What happened">
        <Rows
          label="What happened"
          rows={cycle.events}
          keyOf={({ id }) => id}
          columns={[
            ['When', ({ at }) => <Moment time={at} />],
            ['Event', ({ type, subtype }) => `${type} ${subtype}`],
            ['What', ({ description }) => description],
          ]}
          none="Events are kept for two days; there is none of it."
        />
      </Part>
    </Box>
  );
};

const CycleFacts = ({ cycle }: { cycle: PanelCyclePage }) => {
  const burnt = Object.entries(cycle.burnt).map(([hotkey, part]) => `${number(part)} at ${hotkey}`);
  return (
    <Facts
      facts={[
        ['State', cycle.state],
        ['May be handed in', `from block ${cycle.window_from} to ${cycle.window_until - 1}`],
        ['Computed', <Moment key="" time={cycle.computed_at} />],
        ['Given to Pylon', `${cycle.attempts} ${cycle.attempts === 1 ? 'time' : 'times'}`],
        ['First in block', cycle.first_sent_block ?? 'not yet'],
        ['Last in block', cycle.last_sent_block ?? 'not yet'],
        ['On the chain since block', cycle.confirmed_block ?? 'not yet'],
        [
          'Registrations',
          cycle.neurons === null ? 'not read yet' : `${cycle.neurons}, as of block ${cycle.neurons_block}`,
        ],
        ['Burnt, as a part', burnt.join(', ') || 'nothing'],
        ['Digest of its inputs', <code key="">{cycle.inputs_digest ?? 'none yet'}</code>],
      ]}
    />
  );
};
