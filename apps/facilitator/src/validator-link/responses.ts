import { make, Response, toJsonValue } from '@horde/protocol';

export const success = (): Response => make(Response, { status: 'success', errors: [] });

/** @param type what a validator tells errors apart by, such as `job.not_found` */
export const failed = (type: string, msg: string, help = ''): Response =>
  make(Response, { status: 'error', errors: toJsonValue([{ msg, type, help }]) });
