import createCache from '@emotion/cache';
import { CacheProvider } from '@emotion/react';
import type { ComponentType } from 'react';
import { createRoot } from 'react-dom/client';
import { begin, session } from './api.ts';
import { FacilitatorPanel } from './facilitator/facilitator-panel.tsx';
import { MinerPanel } from './miner/miner-panel.tsx';
import { ValidatorPanel } from './validator/validator-panel.tsx';

/** A service's pages, by its name. */
const faces: Record<string, ComponentType> = {
  facilitator: FacilitatorPanel,
  validator: ValidatorPanel,
  miner: MinerPanel,
};

// The page's policy takes styles with this nonce alone.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="horde-style"]')?.nonce;
const styles = createCache({ key: 'horde', ...(nonce && { nonce }) });

const root = document.getElementById('root')!;
try {
  await begin();
  const Face = faces[session.service]!;
  createRoot(root).render(
    <CacheProvider value={styles}>
      <Face />
    </CacheProvider>,
  );
} catch (error) {
  root.textContent = (error as Error).message;
}
