import type { Keypair } from '@horde/identity';
import {
  JobAcceptedReceipt,
  make,
  validatorMessageNumbers,
  type JobAcceptedPayload,
  type JobStartedPayload,
  type JobStatus,
  type NewJob,
} from '@horde/protocol';
import type { MinerConnection } from '../miner/miner-connection.ts';
import type { Receipts } from '../receipts/receipts.ts';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { initialJobRequest, jobRequest } from '../jobs/messages.ts';
import type { StageLimits } from '../jobs/stages.ts';

/**
 * What a run says to its job's miner: the initial request, the receipt of the accepted job, the job request; each when
 * it is due, and once more when the miner may not have got it. A durable miner says itself what it has got; to
 * another all is said again that it may be waiting for, which also tells it which job we ask about.
 */
export class MinerRequests {
  private acceptedReceiptSent = false;
  private jobRequestSent = false;
  /** On this connection we said again what was said before, and the miner has not reacted yet. */
  private repeated = false;
  /** ComputeHorde's own miners fail on a repeated message and close the connection with 1011. */
  private minerFailsOnRepeats = false;
  /** A durable miner has not said yet how much it has got. */
  private asking = false;

  constructor(
    /** What the job is called towards the miner. */
    private readonly uuid: string,
    private readonly request: NewJob,
    private readonly miner: MinerConnection,
    private readonly parts: { receipts: Receipts; keypair: Keypair; limits: StageLimits },
  ) {}

  /** To be called on each fresh connection. @param again the miner may know of the job already */
  async begin(
    status: JobStatus,
    { miner_number }: Pick<Attempt, 'miner_number'>,
    again: boolean,
  ): Promise<void> {
    const link = this.miner.open;
    this.jobRequestSent = false;
    this.asking = again && link !== null && link.isDurable;
    this.repeated = again && !this.asking;
    if (this.asking) return void (await link!.resume(this.uuid, Number(miner_number)));
    if (this.repeated && this.minerFailsOnRepeats) return;
    if (status === 'received' || status === 'accepted') await this.sendInitialRequest();
    else await this.sendJobRequest();
    if (status === 'accepted' && !this.acceptedReceiptSent) await this.sendAcceptedReceipt();
  }

  /** A durable miner has got all up to this number. */
  async resumed(number: number, status: JobStatus): Promise<void> {
    this.asking = false;
    if (number < validatorMessageNumbers.V0InitialJobRequest) await this.sendInitialRequest();
    if (status === 'received') return;
    if (number < validatorMessageNumbers.V0JobAcceptedReceiptRequest) await this.sendAcceptedReceipt();
    if (status !== 'accepted' && number < validatorMessageNumbers.V0JobRequest) await this.sendJobRequest();
  }

  /**
   * The miner has reported something about the job.
   *
   * @param reported what
   * @param steps what the job has passed by it; none: it is further already
   */
  async received(reported: JobStatus, steps: JobStatus[], status: JobStatus): Promise<void> {
    this.repeated = false;
    if (this.asking) return;
    if (steps.includes('accepted')) await this.sendAcceptedReceipt();
    if (steps.includes('executor_ready')) await this.sendJobRequest();
    // It asks for the job although, for us, it has it: the request went down with an earlier connection.
    const asksAgain = steps.length === 0 && reported === 'executor_ready' && status === 'executor_ready';
    if (asksAgain && !this.jobRequestSent) await this.sendJobRequest();
  }

  /** The connection is gone. */
  lost(code: number): void {
    if (code === 1011 && this.repeated) this.minerFailsOnRepeats = true;
  }

  private async sendInitialRequest(): Promise<void> {
    const receipt = await this.parts.receipts.find<JobStartedPayload>(this.uuid, 'JobStartedReceipt');
    if (!receipt) throw new Error('A miner was chosen for the job, but its first receipt is not there.');
    const { keypair, limits } = this.parts;
    await this.send(initialJobRequest(this.uuid, this.request, receipt, limits, keypair));
  }

  private async sendAcceptedReceipt(): Promise<void> {
    const receipt = await this.parts.receipts.find<JobAcceptedPayload>(this.uuid, 'JobAcceptedReceipt');
    if (receipt) this.acceptedReceiptSent = await this.send(make(JobAcceptedReceipt, receipt));
  }

  private async sendJobRequest(): Promise<void> {
    this.jobRequestSent = await this.send(jobRequest(this.uuid, this.request, this.parts.keypair));
  }

  private async send(message: { message_type: string }): Promise<boolean> {
    const sent = this.miner.send(message);
    // A durable link may wait for an acknowledgement first, which comes behind messages that we are to read.
    return this.miner.open?.isDurable ? true : sent;
  }
}
