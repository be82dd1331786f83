import { size } from './words.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Lines, and in a terminal one line below them that shows what is going on now. */
export class Display {
  private readonly terminal: boolean;
  private timer: NodeJS.Timeout | null = null;
  private frame = 0;
  private current: { text: string; since: number | null } | null = null;
  /** What was written last ends within a line: nothing may be drawn there. */
  private midLine = false;
  private drawn = false;

  constructor(private readonly stream: NodeJS.WriteStream = process.stdout) {
    this.terminal = stream.isTTY;
  }

  get isTerminal(): boolean {
    return this.terminal;
  }

  say = (line: string): void => {
    this.erase();
    this.stream.write(`${this.midLine ? '\n' : ''}${line}\n`);
    this.midLine = false;
    this.draw();
  };

  /** Writes what somebody else prints, as it is. */
  pass(stream: NodeJS.WriteStream, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (stream.isTTY) {
      this.erase();
      this.midLine = bytes.at(-1) !== 0x0a;
    }
    stream.write(bytes);
    this.draw();
  }

  /** What is being waited for; null: nothing. Shown in a terminal only. @param timed with its seconds */
  waiting(text: string | null, timed = true): void {
    this.erase();
    this.current = text === null ? null : { text, since: timed ? performance.now() : null };
    if (this.timer) clearInterval(this.timer);
    this.timer = this.terminal && text !== null ? setInterval(() => this.redraw(), 100) : null;
    this.timer?.unref();
    this.draw();
  }

  private redraw(): void {
    this.frame++;
    this.erase();
    this.draw();
  }

  private draw(): void {
    if (!this.terminal || !this.current || this.midLine) return;
    const { text, since } = this.current;
    const seconds = since === null ? '' : ` ${((performance.now() - since) / 1000).toFixed(1)} s`;
    const line = `${frames[this.frame % frames.length]} ${text}${seconds}`;
    // A line that wraps could not be erased.
    this.stream.write(line.slice(0, (this.stream.columns || 80) - 1));
    this.drawn = true;
  }

  private erase(): void {
    if (this.drawn) this.stream.write('\r\u001b[K');
    this.drawn = false;
  }
}

/** How far something is: `[#####·····] 12 MB of 24 MB`. @param total null: not known @unit bytes */
export function bar(done: number, total: number | null): string {
  if (total === null || total <= 0) return size(done);
  const filled = Math.round(20 * Math.min(1, done / total));
  return `[${'#'.repeat(filled)}${'·'.repeat(20 - filled)}] ${size(done)} of ${size(total)}`;
}
