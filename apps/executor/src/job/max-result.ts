import { writeDurableLine } from '@horde/protocol';
import { limits } from '@horde/transport';

/** What `durable-1` puts before a message, at its longest. */
const maxPrefix = `${writeDurableLine('message', 'x'.repeat(64), Number.MAX_SAFE_INTEGER)}\n`;

/** The largest result that fits into a frame, on plain v0 and on `durable-1`. @unit bytes */
export const maxResult = limits.maxFrame - maxPrefix.length;
