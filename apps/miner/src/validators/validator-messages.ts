import { Inject, Injectable } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import type { Logger } from '@horde/operations';
import {
  complaintOf,
  MainHotkey,
  make,
  requireHandlers,
  validatorToMiner,
  type Handlers,
} from '@horde/protocol';
import { JobIntake } from '../jobs/job-intake.ts';
import { JobPayloads } from '../jobs/job-payloads.ts';
import { LOGGER } from '../ports.ts';
import { ReceiptIntake } from '../receipts/receipt-intake.ts';
import type { ValidatorSession } from './validator-session.ts';

/** Where a message came from, and its frame as it came. */
export interface Received {
  session: ValidatorSession;
  text: string;
}

/** What is done with each message of an authenticated validator. */
@Injectable()
export class ValidatorMessages {
  readonly handlers: Handlers<typeof validatorToMiner, Received>;

  constructor(
    intake: JobIntake,
    payloads: JobPayloads,
    receipts: ReceiptIntake,
    keypair: Keypair,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.handlers = {
      GenericError: (message) =>
        logger.warn(`a validator could not use what we sent: ${complaintOf(message)}`),
      // Clients that came back may authenticate twice on one connection; once was enough.
      ValidatorAuthForMiner: () => undefined,
      V0InitialJobRequest: (message, received, json) => intake.receive(message, received, json),
      V0JobRequest: (message, received, json) => payloads.receive(message, received, json),
      V0JobAcceptedReceiptRequest: ({ payload, signature }, { session }) =>
        receipts.receive(payload, signature, session),
      V0JobFinishedReceiptRequest: ({ payload, signature }, { session }) =>
        receipts.receive(payload, signature, session),
      V0MainHotkeyMessage: async (_message, { session }) =>
        void (await session.send(make(MainHotkey, { main_hotkey: keypair.address }))),
    };
    requireHandlers(validatorToMiner, this.handlers);
  }
}
