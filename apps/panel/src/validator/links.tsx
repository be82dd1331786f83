import type { MouseEvent } from 'react';
import { Link } from 'react-admin';
import { shortened } from '../parts/hotkey.tsx';

/** A miner's hotkey, which leads to its page. */
export const MinerLink = ({ hotkey }: { hotkey: string }) => (
  <Link
    to={`/miners/${encodeURIComponent(hotkey)}/show`}
    title={hotkey}
    sx={shortened}
    onClick={(event: MouseEvent) => event.stopPropagation()}
  >
    {hotkey}
  </Link>
);

/** A job, which leads to its page. @param uuid null: it is not kept any more */
export const JobLink = ({ uuid }: { uuid: string | null }) =>
  uuid === null ? (
    'not kept any more'
  ) : (
    <Link
      to={`/jobs/${uuid}/show`}
      aria-label={`Job ${uuid}`}
      title={uuid}
      sx={{ whiteSpace: 'nowrap', fontFamily: 'ui-monospace, monospace' }}
    >
      {uuid.slice(0, 8)}
    </Link>
  );

/** Where a list shows only what a filter asks for. */
export const filteredPath = (resource: string, filter: Record<string, string>): string =>
  `/${resource}?filter=${encodeURIComponent(JSON.stringify(filter))}`;
