import AssignmentIcon from '@mui/icons-material/Assignment';
import DnsIcon from '@mui/icons-material/Dns';
import LayersIcon from '@mui/icons-material/Layers';
import MonitorHeartIcon from '@mui/icons-material/MonitorHeart';
import ReceiptLongIcon from '@mui/icons-material/ReceiptLong';
import VerifiedUserIcon from '@mui/icons-material/VerifiedUser';
import { Resource } from 'react-admin';
import { Panel } from '../parts/panel.tsx';
import { findByHotkey, findJobs } from '../parts/search/finders.ts';
import { cursorList, wholeList } from '../sources.ts';
import { Checks } from './checks.tsx';
import { Executors } from './executors.tsx';
import { ImageList } from './image-list.tsx';
import { JobList } from './job-list.tsx';
import { JobPage } from './job-page.tsx';
import { Overview } from './overview.tsx';
import { ReceiptList } from './receipt-list.tsx';
import { ValidatorList } from './validator-list.tsx';

const sources = {
  jobs: cursorList('jobs', { id: 'uuid' }),
  validators: wholeList('validators', { id: 'hotkey' }),
  receipts: cursorList('receipts', { id: 'id' }),
};

/** The panel of the miner. */
export const MinerPanel = () => (
  <Panel title="Miner" overview={Overview} sources={sources}>
    <Resource name="executors" icon={DnsIcon} options={{ label: 'Executors' }} list={Executors} />
    <Resource
      name="jobs"
      icon={AssignmentIcon}
      options={{ label: 'Jobs', alsoCalled: ['Accepted jobs'], find: findJobs }}
      list={JobList}
      show={JobPage}
      recordRepresentation="uuid"
    />
    <Resource
      name="validators"
      icon={VerifiedUserIcon}
      options={{ label: 'Validators', find: findByHotkey('validators', 'validator') }}
      list={ValidatorList}
    />
    <Resource
      name="receipts"
      icon={ReceiptLongIcon}
      options={{ label: 'Receipts', alsoCalled: ['Job started receipts', 'Job finished receipts'] }}
      list={ReceiptList}
    />
    <Resource name="images" icon={LayersIcon} options={{ label: 'Images' }} list={ImageList} />
    <Resource
      name="checks"
      icon={MonitorHeartIcon}
      options={{ label: 'Self test and doctor' }}
      list={Checks}
    />
  </Panel>
);
