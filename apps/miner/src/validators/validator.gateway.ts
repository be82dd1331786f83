import { Inject, Injectable } from '@nestjs/common';
import { JobFrames } from '@horde/database';
import type { ExecutorManager } from '@horde/executor-manager';
import { isSs58 } from '@horde/identity';
import { LOGGER, withLogContext, type Logger } from '@horde/operations';
import { dispatch, ValidatorAuth, validatorToMiner } from '@horde/protocol';
import {
  cutError,
  DurableLink,
  OutputSender,
  readFrame,
  type Connection,
  type Pending,
  type Upgrade,
} from '@horde/transport';
import { JobOutputs } from '../jobs/job-outputs.ts';
import { JobRequests } from '../jobs/job-requests.ts';
import { DatabaseRetry } from '../database/database-retry.ts';
import { LineRate } from './line-rate.ts';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { ReceiptCounts } from '../receipts/receipt-counts.ts';
import { Authentication } from './authentication.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { DurableValidator } from './durable-validator.ts';
import { ValidatorDelivery } from './validator-delivery.ts';
import type { Received } from '../jobs/received.ts';
import { declineOfUnknownClass } from './unknown-class.ts';
import { ValidatorMessages } from './validator-messages.ts';
import { ValidatorRates } from './validator-rates.ts';
import { ValidatorSession, type ValidatorFrame } from './validator-session.ts';

type ReceivedFrame = ValidatorFrame & Received & { session: ValidatorSession };

/** How many lines connections that have not authenticated may have logged in a minute, all together. */
const maxUnauthenticatedLines = 30;

/** `/v0.1/validator_interface/{hotkey}`: where validators connect. */
@Injectable()
export class ValidatorGateway {
  private readonly unauthenticatedLines = new LineRate(maxUnauthenticatedLines);

  constructor(
    private readonly authentication: Authentication,
    private readonly limits: ConnectionLimits,
    private readonly rates: ValidatorRates,
    private readonly messages: ValidatorMessages,
    private readonly requests: JobRequests,
    private readonly delivery: ValidatorDelivery,
    private readonly outputs: JobOutputs,
    private readonly frames: JobFrames,
    private readonly receiptCounts: ReceiptCounts,
    private readonly retry: DatabaseRetry,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  accept(connection: Connection, upgrade: Upgrade): void {
    const session = new ValidatorSession(upgrade.params['hotkey']!, connection, upgrade.remoteAddress);
    this.limits.opened(session);
    // One that was refused is closed at this time too, and never sooner: some clients connect again without a pause.
    connection.onTimeLimit = () => {
      if (!session.hasSpoken) void session.sendError('There was no authentication within 10 s.');
      connection.close(1000);
    };
    if (!isSs58(session.hotkey)) {
      connection.onText(
        async () => undefined,
        () => undefined,
      );
      void session.sendError('The path of the connection names no hotkey.');
      return;
    }
    if (connection.extensions.has('logs-2')) session.output = this.sender(session);
    const receive = (text: string) =>
      withLogContext({ validator: session.hotkey }, () => this.receive(session, text));
    const onError = (error: unknown) => this.failed(session, error);
    if (connection.extensions.has('durable-1')) {
      const { delivery, requests, rates, retry } = this;
      const end = new DurableValidator(session, receive, delivery, requests, rates, retry);
      session.link = new DurableLink(connection, end, onError);
    } else {
      const onBadFrame = async (sentence: string) => {
        if (session.authenticated) await this.rates.frame(session.hotkey);
        await session.sendError(sentence);
      };
      connection.serve({ receive: async (text) => void (await receive(text)), onBadFrame, onError });
    }
  }

  private async receive(session: ValidatorSession, text: string): Promise<Pending | undefined> {
    if (session.authenticated) {
      await this.rates.frame(session.hotkey);
      const frame = await this.read(session, text);
      return frame ? this.dispatch(frame) : undefined;
    }
    session.hasSpoken = true;
    const frame = await this.read(session, text);
    if (!frame) return undefined;
    if (frame.message instanceof ValidatorAuth) await this.authenticate(session, frame.message);
    else session.early.push(frame);
    return undefined;
  }

  private async authenticate(session: ValidatorSession, auth: ValidatorAuth): Promise<void> {
    const refused = await this.retry.run(() => this.authentication.refusal(auth, session.hotkey));
    if (refused) {
      const refusal = cutError(refused);
      this.unauthenticatedLines.line((leftOut) =>
        this.logger.info({ refusal, leftOut }, 'an authentication was refused'),
      );
      return session.sendError(refusal);
    }
    if (!this.limits.authenticate(session))
      return session.sendError('This validator has too many connections to this miner.');
    await this.welcome(session);
    for (const one of session.early.splice(0)) await this.dispatch({ ...one, session });
  }

  private async welcome(session: ValidatorSession): Promise<void> {
    session.connection.trust();
    this.delivery.join(session);
    await session.offer(new Map(Object.entries(await this.manager.manifest())));
  }

  private async dispatch(frame: ReceivedFrame): Promise<Pending | undefined> {
    const { message, json, session } = frame;
    const job = 'job_uuid' in message ? { job: message.job_uuid } : {};
    this.noteFrame(frame);
    await withLogContext(job, () =>
      this.retry.run(() => dispatch(this.messages.handlers, message, frame, json)),
    );
    if (!frame.pending) return undefined;
    const committed = frame.pending.committed.catch((error: unknown) => {
      this.failed(session, error);
      session.connection.close(1011, 'internal error');
      return false;
    });
    return { committed };
  }

  private noteFrame({ session, message, text }: ReceivedFrame): void {
    const about = 'payload' in message ? message.payload : message;
    if (!('job_uuid' in about)) return;
    const { job_uuid: job } = about;
    this.frames.note({ peer: 'validator', who: session.hotkey, job, isSent: false, text });
  }

  private async read(session: ValidatorSession, text: string): Promise<ReceivedFrame | null> {
    const frame = await readFrame(validatorToMiner, text, async (sentence, error) => {
      if (session.authenticated) this.logger.warn(`a frame could not be read: ${sentence}`);
      else
        this.unauthenticatedLines.line((leftOut) =>
          this.logger.warn({ leftOut }, `a frame could not be read: ${sentence}`),
        );
      if (session.authenticated) this.receiptCounts.unreadable(error, text);
      const decline = session.authenticated ? declineOfUnknownClass(error, text) : null;
      if (decline) await session.send(decline);
      else await session.sendError(sentence);
    });
    return frame && { ...frame, session, text };
  }

  /** Cut, the validator asks again on its next connection. */
  private sender(session: ValidatorSession): OutputSender {
    return new OutputSender(
      this.outputs,
      (chunk) => session.send(chunk),
      (error) => {
        if (!session.connection.isOpen) return;
        this.logger.error({ error, validator: session.hotkey }, 'output of a job could not be read');
        session.connection.close(1011, 'internal error');
      },
    );
  }

  private failed({ hotkey }: ValidatorSession, error: unknown): void {
    this.logger.error({ error, peer: hotkey }, 'a message of a validator could not be handled');
  }
}
