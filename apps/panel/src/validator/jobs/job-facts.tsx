import type { ValidatorJobPage } from '@horde/panel-api';
import { Facts, type Fact } from '../../parts/facts.tsx';
import { Moment } from '../../parts/moment.tsx';
import { spanWords } from '../../words.ts';

/** What was asked for; values of the environment, tokens and URLs are nobody's here. */
export const JobFacts = ({ job }: { job: ValidatorJobPage }) => {
  const { request } = job;
  const facts: Fact[] = [
    ['Job', <code key="">{job.uuid}</code>],
    ['Received', <Moment key="" time={job.received_at} />],
    ['From', job.facilitator === 'operator' ? 'the operator of this validator' : job.facilitator],
    ['Signed by', job.signatory === null ? 'nobody' : <code key="">{job.signatory}</code>],
    ['Executor class', job.executor_class || 'not known'],
  ];
  if (job.cancelled_by !== null) facts.push(['Cancelled by', job.cancelled_by]);
  if (request)
    facts.push(
      ['Image', request.docker_image],
      ['Arguments', request.args.length > 0 ? <code key="">{request.args.join(' ')}</code> : 'none'],
      ['Environment', request.env_names.join(', ') || 'none'],
      ['Volume', request.volume ?? 'none'],
      ['Upload', request.output_upload ?? 'none'],
      ['Trusted miner', request.on_trusted_miner ? 'yes' : 'no'],
      ['Streaming', request.is_streaming ? 'yes' : 'no'],
      ['Limit of the download', spanWords(request.download_time_limit)],
      ['Limit of the run', spanWords(request.execution_time_limit)],
      ['Limit of the upload', spanWords(request.upload_time_limit)],
    );
  return <Facts facts={facts} />;
};
