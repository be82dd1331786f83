const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Lines on standard output, and in a terminal one line below them that shows what is going on now. */
export class Display {
  private readonly terminal = process.stdout.isTTY;
  private timer: NodeJS.Timeout | null = null;
  private frame = 0;
  private current: { text: string; since: number } | null = null;

  say = (line: string): void => {
    this.erase();
    process.stdout.write(`${line}\n`);
    this.draw();
  };

  /** What is being waited for; null: nothing. Shown in a terminal only, with its seconds. */
  waiting(text: string | null): void {
    this.erase();
    this.current = text === null ? null : { text, since: performance.now() };
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
    if (!this.terminal || !this.current) return;
    const seconds = ((performance.now() - this.current.since) / 1000).toFixed(1);
    process.stdout.write(`${frames[this.frame % frames.length]} ${this.current.text} ${seconds} s`);
  }

  private erase(): void {
    if (this.terminal && this.current) process.stdout.write('\r\u001b[K');
  }
}
