import { shortName } from '../words.ts';

/** A hotkey's ends; all of it when it is pointed at, or read out. */
export const Hotkey = ({ address }: { address: string }) => (
  <abbr
    title={address}
    aria-label={address}
    style={{ textDecoration: 'none', whiteSpace: 'nowrap', fontFamily: 'ui-monospace, monospace' }}
  >
    {shortName(address)}
  </abbr>
);
