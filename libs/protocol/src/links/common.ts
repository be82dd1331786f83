import { MessageType } from '../messages/message.ts';
import { Text } from '../messages/fields.ts';

/** Any peer: "I could not use what you sent". Its text is for people; nothing acts on it. */
export class GenericError {
  @MessageType('GenericError') message_type = 'GenericError' as const;
  @Text() details: string | null = null;
}

/** What a peer complains of, fit for a log. Peers quote the frame that they could not use, with all of its secrets. */
export const complaintOf = ({ details }: GenericError): string =>
  (details ?? 'no reason given').split(/[[{]/, 1)[0]!.slice(0, 300).trimEnd();
