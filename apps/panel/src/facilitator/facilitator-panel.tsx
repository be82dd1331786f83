import AssignmentIcon from '@mui/icons-material/Assignment';
import GavelIcon from '@mui/icons-material/Gavel';
import MemoryIcon from '@mui/icons-material/Memory';
import PeopleIcon from '@mui/icons-material/People';
import ThumbsUpDownIcon from '@mui/icons-material/ThumbsUpDown';
import VerifiedUserIcon from '@mui/icons-material/VerifiedUser';
import { Resource } from 'react-admin';
import { mayOperate } from '../auth-provider.ts';
import { Panel } from '../parts/panel.tsx';
import { findByHotkey, findJobs } from '../parts/search/finders.ts';
import { cursorList, wholeList } from '../sources.ts';
import { CheatReportList } from './cheat-report-list.tsx';
import { FeedbackList } from './feedback-list.tsx';
import { JobList } from './job-list.tsx';
import { JobPage } from './job-page.tsx';
import { MinerList } from './miner-list.tsx';
import { Overview } from './overview.tsx';
import { UserPage } from './user-page.tsx';
import { UserCreate, UserEdit, UserList } from './users.tsx';
import { users } from './users-source.ts';
import { ValidatorList } from './validator-list.tsx';
import { ValidatorPage } from './validator-page.tsx';

const sources = {
  jobs: cursorList('jobs', { id: 'uuid' }),
  validators: wholeList('validators', { id: 'hotkey' }),
  miners: wholeList('miners', { id: 'hotkey' }),
  feedback: cursorList('feedback', { id: 'job_uuid' }),
  'cheat-reports': cursorList('cheat-reports', { id: 'job_uuid' }),
  whitelist: users,
};

/** The panel of the facilitator. */
export const FacilitatorPanel = () => (
  <Panel title="Facilitator" overview={Overview} sources={sources}>
    <Resource
      name="jobs"
      icon={AssignmentIcon}
      options={{ label: 'Jobs', alsoCalled: ['Job statuses', 'OrganicJob', 'Accepted jobs'], find: findJobs }}
      list={JobList}
      show={JobPage}
      recordRepresentation="uuid"
    />
    <Resource
      name="validators"
      icon={VerifiedUserIcon}
      options={{
        label: 'Validators',
        alsoCalled: ['Channels'],
        find: findByHotkey('validators', 'validator'),
      }}
      list={ValidatorList}
      show={ValidatorPage}
    />
    <Resource
      name="miners"
      icon={MemoryIcon}
      options={{
        label: 'Miners and hardware',
        alsoCalled: ['Specs', 'GPUs', 'Miner versions', 'Machines'],
        find: findByHotkey('miners', 'miner'),
      }}
      list={MinerList}
    />
    <Resource
      name="whitelist"
      icon={PeopleIcon}
      options={{
        label: 'Whitelist and quotas',
        alsoCalled: ['Users', 'Hotkey whitelists'],
        find: findByHotkey('whitelist', 'user'),
      }}
      list={UserList}
      show={UserPage}
      recordRepresentation="hotkey"
      {...(mayOperate() && { edit: UserEdit, create: UserCreate })}
    />
    <Resource
      name="feedback"
      icon={ThumbsUpDownIcon}
      options={{ label: 'Feedback', alsoCalled: ['Job feedbacks'] }}
      list={FeedbackList}
    />
    <Resource
      name="cheat-reports"
      icon={GavelIcon}
      options={{ label: 'Cheat reports', alsoCalled: ['Cheated jobs', 'Cheated job reports'] }}
      list={CheatReportList}
    />
  </Panel>
);
