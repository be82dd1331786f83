import { Link } from '@mui/material';
import { session } from '../api.ts';

interface Props {
  service: 'facilitator' | 'validator' | 'miner';
  /** The job's uuid there. */
  job: string;
}

/** Leads to a job's page in the panel of another service of the same network; nothing, where this one knows of none. */
export const Elsewhere = ({ service, job }: Props) => {
  const url = session.other_panels[service];
  return url === undefined ? null : (
    <Link href={`${url}/admin/#/jobs/${job}/show`} variant="body2">
      At the {service}
    </Link>
  );
};
