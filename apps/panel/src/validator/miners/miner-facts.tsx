import type { ValidatorMinerPage } from '@horde/panel-api';
import { Link } from 'react-admin';
import { Facts, type Fact } from '../../parts/facts.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Rows } from '../../parts/rows.tsx';
import { filteredPath } from '../links.tsx';

const places = ['receipts', 'bookings', 'manifests'];

/** Who a miner is, what it has deposited, and where there is more about it. */
export const MinerFacts = ({ miner }: { miner: ValidatorMinerPage }) => {
  const { hotkey, answer, collateral } = miner;
  const silences = answer && answer.misses > 0 ? `, and has been silent ${answer.misses} time since` : '';
  const facts: Fact[] = [
    ['Hotkey', <code key="">{hotkey}</code>],
    ['UID', miner.uid],
    ['Address', miner.address ?? 'not on the chain any more'],
    [
      'Said what it offers',
      answer === null ? (
        'never, or it has been silent since'
      ) : (
        <>
          <Moment time={answer.at} />
          {silences}
        </>
      ),
    ],
    [
      'Collateral',
      collateral.wei === null
        ? collateral.sentence
        : `${collateral.wei} wei, of ${collateral.least} that it needs. ${collateral.sentence}`,
    ],
    ['Earns on the chain', earningsWords(miner.earnings)],
    [
      'More',
      places.map((place) => (
        <Link key={place} to={filteredPath(place, { miner: hotkey })} sx={{ mr: 2 }}>
          its {place}
        </Link>
      )),
    ],
  ];
  return <Facts facts={facts} />;
};

function earningsWords({ incentive, emission }: ValidatorMinerPage['earnings']): string {
  if (incentive === null || emission === null) return 'not known';
  const part = `${(incentive * 100).toFixed(2)} % of what the subnet’s miners get`;
  return `${part}; ${emission.toLocaleString(undefined, { maximumFractionDigits: 3 })} alpha in the last epoch.`;
}

/** What is for and against a miner, class by class. */
export const Standings = ({ miner }: { miner: ValidatorMinerPage }) => (
  <Rows
    label="What is for and against it"
    rows={miner.standings}
    keyOf={({ executor_class }) => executor_class}
    columns={[
      ['Class', ({ executor_class }) => executor_class],
      ['Can have a job', ({ why_not }) => (why_not === null ? 'yes' : `no: ${why_not}`)],
      ['Busy', ({ busy, offered }) => `${busy} of ${offered}`],
      ['Of these elsewhere', ({ busy_elsewhere }) => busy_elsewhere],
      ['Incidents', ({ incidents }) => incidents],
      ['Reliability', ({ reliability }) => reliability.toFixed(2)],
      ['Asked first', ({ chance }) => `${(chance * 100).toFixed(1)} %`],
      ['Allowance, s', ({ allowance }) => Math.floor(allowance).toLocaleString()],
    ]}
    none="It offers no executors."
  />
);
