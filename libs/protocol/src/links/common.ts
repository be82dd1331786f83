import { MessageType } from '../messages/message.ts';
import { Text } from '../messages/fields.ts';

/** Any peer: "I could not use what you sent". Its text is for people; nothing acts on it. */
export class GenericError {
  @MessageType('GenericError') message_type = 'GenericError' as const;
  @Text() details: string | null = null;
}
