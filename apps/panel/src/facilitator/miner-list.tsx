import type { PanelMiner } from '@horde/panel-api';
import { DataTable, List } from 'react-admin';
import { useLive } from '../parts/live/use-live.ts';
import { ListSentence, ofPage } from '../parts/list-sentence.tsx';
import { Hotkey } from '../parts/hotkey.tsx';
import { Moment } from '../parts/moment.tsx';
import { roomy, veryRoomy } from '../parts/roomy.ts';

type Row = PanelMiner & { id: string };

/** GiB, as a machine's describer counted them. */
const gib = (size: number | null): string =>
  size === null ? '' : `${Math.round(size).toLocaleString()} GiB`;

const gpuWords = ({ gpus }: Row): string =>
  gpus
    .map(({ count, model, vram }) => `${count} × ${model}${vram === null ? '' : ` (${gib(vram / 1024)})`}`)
    .join(', ');

const cpuWords = ({ cpu_count, cpu_model }: Row): string =>
  [cpu_count && `${cpu_count} ×`, cpu_model].filter(Boolean).join(' ');

const versionWords = ({ version, runner_version }: Row): string =>
  [version && `miner ${version}`, runner_version && `runner ${runner_version}`].filter(Boolean).join(', ') ||
  'does not answer';

const sentenceOf = (miners: Row[], total: number): string => {
  if (total === 0) return 'No miner of the subnet is known yet: sync_metagraph reads them from the chain.';
  const known = miners.filter(({ machines }) => machines > 0).length;
  return `Of ${ofPage(miners, total, 'miner', 'miners')} ${known} had a machine described within 24 hours.`;
};

/** The miners that the chain names, and the machine that a validator has seen each with last: ComputeHorde's specs. */
export const MinerList = () => (
  <List
    exporter={false}
    queryOptions={{ refetchInterval: useLive() }}
    empty={false}
    actions={<ListSentence sentenceOf={sentenceOf} />}
    sort={{ field: 'active', order: 'DESC' }}
  >
    <DataTable<Row> rowClick={false} bulkActionButtons={false}>
      <DataTable.Col source="hotkey" label="Miner" render={({ hotkey }) => <Hotkey address={hotkey} />} />
      <DataTable.Col
        source="active"
        label="State"
        render={({ active, missed_since }) =>
          active ? (
            'on the chain'
          ) : (
            <>
              gone since <Moment time={missed_since} />
            </>
          )
        }
      />
      <DataTable.Col source="ip" label="Address" sx={roomy} render={({ ip, port }) => `${ip}:${port}`} />
      <DataTable.Col source="version" sx={roomy} render={versionWords} />
      <DataTable.Col source="gpus" label="GPUs" sx={{ minWidth: '11em' }} disableSort render={gpuWords} />
      <DataTable.Col
        source="cpu_model"
        label="Processor"
        sx={{ ...roomy, minWidth: '10em' }}
        render={cpuWords}
      />
      <DataTable.Col
        source="total_ram"
        label="Memory"
        sx={{ ...roomy, whiteSpace: 'nowrap' }}
        render={({ total_ram }) => gib(total_ram)}
      />
      <DataTable.Col
        source="total_hdd"
        label="Disk"
        sx={veryRoomy}
        render={({ total_hdd }) => gib(total_hdd)}
      />
      <DataTable.Col source="os" label="System" sx={veryRoomy} />
      <DataTable.NumberCol source="machines" label="Machines in 24 h" sx={veryRoomy} />
      <DataTable.Col
        source="measured_at"
        label="Described"
        sx={roomy}
        render={(row) => <Moment time={row.measured_at} />}
      />
    </DataTable>
  </List>
);
