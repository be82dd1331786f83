import type { Connection } from '@horde/transport';
import type { PlayedFrame } from './conversations.ts';

/** How long a peer may take to say the next thing. @unit ms */
const patience = 50_000;

/** One end of a link: what the peer says is kept until somebody asks for it. */
export class Line {
  private readonly heard: string[] = [];
  private wake = Promise.withResolvers<void>();

  constructor(readonly connection: Connection) {
    connection.onText(
      async (text) => {
        this.heard.push(text);
        this.wake.resolve();
      },
      () => connection.close(1003),
    );
  }

  say(text: string): void {
    void this.connection.sendText(text);
  }

  /** The next frame that the peer says. */
  async hear(): Promise<string> {
    const limit = AbortSignal.timeout(patience);
    const tooLate = new Promise<never>((_resolve, reject) => {
      limit.addEventListener('abort', () => reject(new Error(`The peer said nothing for ${patience / 1000} s.`)));
    });
    tooLate.catch(() => undefined);
    while (this.heard.length === 0) {
      await Promise.race([this.wake.promise, tooLate]);
      this.wake = Promise.withResolvers();
    }
    return this.heard.shift()!;
  }

  /** What the peer said and nobody asked for. */
  get unheard(): string[] {
    return this.heard;
  }

  /**
   * Plays one side of a recorded conversation: says its frames, and waits where the recorded peer spoke.
   *
   * @returns what the peer said instead of the recorded one
   */
  async play(side: string, frames: PlayedFrame[], rewrite = (text: string) => text): Promise<string[]> {
    const answers: string[] = [];
    for (const { from, text } of frames) {
      if (from === side) this.say(rewrite(text));
      else answers.push(await this.hear());
    }
    return answers;
  }
}
