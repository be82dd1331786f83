import AssignmentIcon from '@mui/icons-material/Assignment';
import { Resource } from 'react-admin';
import { Panel } from '../parts/panel.tsx';
import { findJobs } from '../parts/search/finders.ts';
import { cursorList } from '../sources.ts';
import { JobList } from './jobs/job-list.tsx';
import { JobPage } from './jobs/job-page.tsx';
import { Overview } from './overview.tsx';
import { recordResources, recordSources } from './record-resources.tsx';

const sources = { jobs: cursorList('jobs', { id: 'uuid' }), ...recordSources };

/** The panel of the validator. */
export const ValidatorPanel = () => (
  <Panel title="Validator" overview={Overview} sources={sources}>
    <Resource
      name="jobs"
      icon={AssignmentIcon}
      options={{ label: 'Jobs', alsoCalled: ['OrganicJob', 'Accepted jobs', 'Job attempts'], find: findJobs }}
      list={JobList}
      show={JobPage}
      recordRepresentation="uuid"
    />
    {recordResources()}
  </Panel>
);
