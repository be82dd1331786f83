import { Injectable } from '@nestjs/common';

/** The warm executors that are connected to this process and have no job. */
@Injectable()
export class WarmSessions {
  private readonly waiting = new Map<string, () => void>();

  /** The executor of this token is connected; a later connection of it takes the place of an earlier one. */
  join(token: string, taken: () => void): void {
    this.waiting.get(token)?.();
    this.waiting.set(token, taken);
  }

  /** That connection is over, or was none. */
  leave(token: string, taken: () => void): void {
    if (this.waiting.get(token) === taken) this.waiting.delete(token);
  }

  /** A job has taken the executor of this token. */
  take(token: string): void {
    const taken = this.waiting.get(token);
    this.waiting.delete(token);
    taken?.();
  }

  has(token: string): boolean {
    return this.waiting.has(token);
  }

  /** Those that can be taken. */
  tokens(): string[] {
    return [...this.waiting.keys()];
  }
}
