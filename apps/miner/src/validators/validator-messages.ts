import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import {
  complaintOf,
  DeclineJob,
  errors,
  MainHotkey,
  make,
  requireHandlers,
  validatorToMiner,
  type Handlers,
} from '@horde/protocol';
import { MainHotkeys } from '../chain/main-hotkey.ts';
import { JobCancellation } from '../jobs/job-cancellation.ts';
import { JobIntake } from '../jobs/job-intake.ts';
import { JobOutputs } from '../jobs/job-outputs.ts';
import { JobPayloads } from '../jobs/job-payloads.ts';
import { ReceiptIntake } from '../receipts/receipt-intake.ts';
import type { ExecutorLink } from '../jobs/links.ts';
import type { Received } from '../jobs/received.ts';
import { EXECUTOR_LINK } from '../tokens.ts';
import { ValidatorRates } from './validator-rates.ts';

/** What is done with each message of an authenticated validator. */
@Injectable()
export class ValidatorMessages {
  readonly handlers: Handlers<typeof validatorToMiner, Received>;

  constructor(
    intake: JobIntake,
    payloads: JobPayloads,
    cancellation: JobCancellation,
    outputs: JobOutputs,
    receipts: ReceiptIntake,
    mainHotkeys: MainHotkeys,
    rates: ValidatorRates,
    @Inject(EXECUTOR_LINK) executors: ExecutorLink,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.handlers = {
      GenericError: (message) =>
        logger.warn(`a validator could not use what we sent: ${complaintOf(message)}`),
      // Clients that came back may authenticate twice on one connection; once was enough.
      ValidatorAuthForMiner: () => undefined,
      V0InitialJobRequest: async (message, received, json) => {
        const { session } = received;
        if (rates.job(session.hotkey)) return intake.receive(message, received, json);
        const decline = { job_uuid: message.job_uuid, message: errors.TOO_MANY_JOB_REQUESTS().message };
        await session.send(make(DeclineJob, { ...decline, reason: 'busy' }));
      },
      V0JobRequest: (message, received, json) => payloads.receive(message, received, json),
      V0CancelJobRequest: (message, received) => cancellation.receive(message, received),
      V0JobOutputRequest: async (request, { session }) => {
        const { hotkey, output } = session;
        if (!output) return session.sendError('This connection has not agreed on logs-2.');
        const isFirst = await outputs.asked(hotkey, request, output.knows(request.job_uuid));
        if (isFirst === null) return session.sendError('job_uuid: there is no such job of this validator');
        output.request(request);
        if (isFirst) executors.askForOutput(request.job_uuid);
      },
      V0JobAcceptedReceiptRequest: ({ payload, signature }, { session }) =>
        receipts.receive(payload, signature, session),
      V0JobFinishedReceiptRequest: ({ payload, signature }, { session }) =>
        receipts.receive(payload, signature, session),
      V0MainHotkeyMessage: async (_message, { session }) =>
        void (await session.send(make(MainHotkey, { main_hotkey: await mainHotkeys.current() }))),
    };
    requireHandlers(validatorToMiner, this.handlers);
  }
}
