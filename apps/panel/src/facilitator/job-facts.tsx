import { Link } from '@mui/material';
import type { PanelFiles, PanelJobPage } from '@horde/panel-api';
import { Facts, type Fact } from '../parts/facts.tsx';
import { Moment } from '../parts/moment.tsx';
import { bytesWords } from '../words.ts';

const files = (all: PanelFiles[]): string =>
  all.map(({ type, path }) => (path ? `${type}: ${path}` : type)).join(', ') || 'none';

/** What was asked for; values of the environment, tokens and URLs are nobody's here. */
export const JobFacts = ({ job }: { job: PanelJobPage }) => {
  const facts: Fact[] = [
    ['Job', <code key="">{job.uuid}</code>],
    ['Created', <Moment key="" time={job.created_at} />],
    ['User', <code key="">{job.hotkey}</code>],
    ['Validator', <code key="">{job.target_validator_hotkey}</code>],
    ['Executor class', job.executor_class],
    ['Image', job.docker_image],
    ['Arguments', job.args.length > 0 ? <code key="">{job.args.join(' ')}</code> : 'none'],
    ['Environment', job.env_names.join(', ') || 'none'],
    ['Namespace', job.job_namespace ?? 'none'],
    ['Tag', job.tag || 'none'],
    ['GPU', job.use_gpu ? 'yes' : 'no'],
    ['Trusted miner', job.on_trusted_miner ? 'yes' : 'no'],
    ['Volumes', files(job.volumes)],
    ['Uploads', files(job.uploads)],
    ['Artifacts', <Artifacts key="" job={job} />],
  ];
  return <Facts facts={facts} />;
};

/** To be saved: they are strangers' files. */
const Artifacts = ({ job }: { job: PanelJobPage }) =>
  job.artifacts.length === 0 ? (
    'none'
  ) : (
    <ul style={{ margin: 0, paddingLeft: '1.2em' }}>
      {job.artifacts.map(({ name, size }) => (
        <li key={name}>
          <Link
            href={`/admin/api/jobs/${job.uuid}/artifact?name=${encodeURIComponent(name.toWellFormed())}`}
            download
          >
            {name}
          </Link>{' '}
          ({bytesWords(size)})
        </li>
      ))}
    </ul>
  );
