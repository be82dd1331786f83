import { clientError, HordeClientError } from './client-error.ts';
import { readDescription, type JobDescription } from './description.ts';
import type { JobSource } from './events/job-source.ts';
import { readJob, type JobResource } from './job-resource.ts';
import type { Session } from './session.ts';

/** A job at its facilitator, over REST. */
export class FacilitatorJob implements JobSource {
  private readonly path: string;

  /** @param patience how long the facilitator may be away @unit ms */
  constructor(
    private readonly session: Session,
    uuid: string,
    readonly patience: number,
  ) {
    this.path = `api/v1/jobs/${encodeURIComponent(uuid)}/`;
  }

  async open(lastEventId: string | null, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { body, headers } = await this.session.open({
      method: 'GET',
      path: `${this.path}events/`,
      headers: {
        accept: 'text/event-stream',
        ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
      },
      signal,
    });
    if (body && headers.get('content-type')?.startsWith('text/event-stream')) return body;
    await body?.cancel();
    throw clientError('NOT_SUPPORTED', { why: 'it has no stream of events.' });
  }

  async read(signal?: AbortSignal): Promise<JobResource> {
    return readJob(await this.session.send({ method: 'GET', path: this.path, signal }));
  }

  async cancel(signal?: AbortSignal): Promise<JobResource> {
    try {
      const path = `${this.path}cancel/`;
      return readJob(await this.session.send({ method: 'POST', path, body: '{}', signal }));
    } catch (error) {
      const status = error instanceof HordeClientError ? error.status : null;
      if (status === 409) throw clientError('NOT_CANCELLABLE', { why: (error as Error).message }, status);
      if (status !== 404 && status !== 405) throw error;
      await this.read(signal); // throws where it is the job that is not there
      throw clientError('NOT_SUPPORTED', { why: 'it cancels no jobs.' }, status);
    }
  }

  async describe(signal?: AbortSignal): Promise<JobDescription> {
    try {
      return readDescription(
        await this.session.send({ method: 'GET', path: `${this.path}describe/`, signal }),
      );
    } catch (error) {
      if (!(error instanceof HordeClientError) || error.status !== 404) throw error;
      await this.read(signal); // throws where it is the job that is not there
      throw clientError('NOT_SUPPORTED', { why: 'it describes no jobs.' }, 404);
    }
  }

  unreachable(why: string): HordeClientError {
    return this.session.unreachable(why);
  }
}
