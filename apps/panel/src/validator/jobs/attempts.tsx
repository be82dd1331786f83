import { Typography } from '@mui/material';
import type { ValidatorAttempt } from '@horde/panel-api';
import { Fragment } from 'react';
import { Elsewhere } from '../../parts/elsewhere.tsx';
import { FactsTable } from '../../parts/facts-table.tsx';
import { Hotkey } from '../../parts/hotkey.tsx';
import { Moment } from '../../parts/moment.tsx';

const columns = ['Attempt', 'Miner', 'At', 'Asked', 'Ended', 'How', 'Allowance'];

/** The miners that were asked to run a job, one by one. */
export const Attempts = ({ attempts }: { attempts: ValidatorAttempt[] }) => {
  if (attempts.length === 0) return <Typography variant="body2">No miner was asked.</Typography>;
  const rows = attempts.map((attempt) => ({
    key: attempt.uuid,
    cells: [
      attempt.number,
      <Hotkey key="" address={attempt.miner_hotkey} />,
      <Fragment key="">
        {attempt.miner_address} <Elsewhere service="miner" job={attempt.uuid} />
      </Fragment>,
      <Moment key="" time={attempt.started_at} />,
      attempt.ended_at ? <Moment key="" time={attempt.ended_at} /> : <Waits key="" attempt={attempt} />,
      endOf(attempt),
      bookingOf(attempt),
    ],
  }));
  return <FactsTable name="Attempts" columns={columns} rows={rows} />;
};

const Waits = ({ attempt: { deadline } }: { attempt: ValidatorAttempt }) =>
  deadline === null ? (
    'not yet'
  ) : (
    <>
      not yet; the miner has until <Moment time={deadline} />
    </>
  );

const endOf = ({ outcome, reason, message }: ValidatorAttempt): string =>
  outcome === null
    ? 'it goes on'
    : [`${outcome}${reason ? ` (${reason})` : ''}`, message].filter(Boolean).join(': ');

const bookingOf = ({ booking }: ValidatorAttempt): string =>
  booking === null
    ? 'nothing'
    : `${booking.seconds.toLocaleString()} s ${booking.is_spent ? 'spent' : 'kept'}, blocks ${booking.blocks ?? 'none'}`;
