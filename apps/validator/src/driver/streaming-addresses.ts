import { Inject, Injectable } from '@nestjs/common';
import { verifyHex } from '@horde/identity';
import { LOGGER, type Logger } from '@horde/operations';
import { streamingText, type StreamingJobReady } from '@horde/protocol';
import { trustedMinerHotkey } from '../jobs/trusted-miner.ts';

/** Checks that the address of a streaming job, and the certificate there, are the miner's word. */
@Injectable()
export class StreamingAddresses {
  /** Miners whose addresses come unsigned. */
  private readonly unsigned = new Set<string>();

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** Why the address must not be passed on, as a sentence; null: it may. */
  problem(ready: StreamingJobReady, minerHotkey: string): string | null {
    // The trusted miner signs with a hotkey that nobody has been told.
    if (minerHotkey === trustedMinerHotkey) return null;
    if (ready.miner_signature === null) {
      this.warnOnce(minerHotkey);
      return null;
    }
    return verifyHex(streamingText(ready), ready.miner_signature, minerHotkey)
      ? null
      : `The address of the job is not signed by its miner ${minerHotkey}.`;
  }

  private warnOnce(minerHotkey: string): void {
    if (this.unsigned.has(minerHotkey)) return;
    this.unsigned.add(minerHotkey);
    this.logger.warn({ miner: minerHotkey }, 'the miner does not sign where its streaming jobs are reached');
  }
}
