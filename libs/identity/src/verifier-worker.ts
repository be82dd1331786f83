import { parentPort } from 'node:worker_threads';
import type { SignedItem } from './verifier-pool.ts';
import { verify, verifyHex } from './verify.ts';

/* The thread's side of VerifierPool: a batch of items comes in, their answers go out, one byte each. */

parentPort!.on('message', (items: SignedItem[]) => {
  parentPort!.postMessage(
    Uint8Array.from(items, ({ data, signature, hotkey }) =>
      Number(
        typeof signature === 'string' ? verifyHex(data, signature, hotkey) : verify(data, signature, hotkey),
      ),
    ),
  );
});
