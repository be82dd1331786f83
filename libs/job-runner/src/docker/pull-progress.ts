import { bytes } from '@horde/protocol';

/** How far the pull of an image is. */
export interface ImageProgress {
  image: string;
  /** 0 to 100, each of the image's layers counting alike; never falls. Null: not known yet. */
  percent: number | null;
  /** For people. */
  sentence: string;
}

/** A line of the engine's account of a pull, a push or a build. */
export interface EngineEvent {
  stream?: string;
  status?: string;
  error?: string;
  aux?: { Digest?: string };
  id?: string;
  progressDetail?: { current?: number; total?: number };
}

/** Told at most so often, in milliseconds; the end is always told. */
const reportInterval = 500;

/** Of a layer's way, what its download is; the rest is its unpacking. */
const downloadShare = 0.7;

interface Layer {
  done: number;
  downloaded: number;
}

/** Makes of the engine's many events about the layers of an image a few about the image. */
export class PullProgress {
  private readonly layers = new Map<string, Layer>();
  private lastTold = -Infinity;

  constructor(
    private readonly image: string,
    private readonly tell: (progress: ImageProgress) => void,
  ) {}

  readonly read = (event: EngineEvent): void => {
    this.take(event);
    const now = performance.now();
    if (now - this.lastTold < reportInterval) return;
    this.lastTold = now;
    this.tell({ image: this.image, percent: this.percent(), sentence: this.sentence() });
  };

  end(): void {
    this.tell({ image: this.image, percent: 100, sentence: `The image ${this.image} is on this machine.` });
  }

  private take({ status, id, progressDetail }: EngineEvent): void {
    if (!id || !status) return;
    if (status === 'Pulling fs layer') this.layers.set(id, { done: 0, downloaded: 0 });
    if (status === 'Already exists') this.layers.set(id, { done: 1, downloaded: 0 });
    const layer = this.layers.get(id); // the first line's id is the image's tag
    if (!layer) return;
    const { current = 0, total = 0 } = progressDetail ?? {};
    const part = total > 0 ? Math.min(current / total, 1) : 0;
    const reached = (share: number) => (layer.done = Math.max(layer.done, share));
    if (status === 'Downloading') {
      layer.downloaded = Math.max(layer.downloaded, current);
      reached(part * downloadShare);
    } else if (status === 'Download complete') reached(downloadShare);
    else if (status === 'Extracting') reached(downloadShare + part * (1 - downloadShare));
    else if (status === 'Pull complete') reached(1);
  }

  private percent(): number | null {
    if (this.layers.size === 0) return null;
    const done = [...this.layers.values()].reduce((sum, layer) => sum + layer.done, 0);
    return Math.floor((100 * done) / this.layers.size);
  }

  private sentence(): string {
    const layers = [...this.layers.values()];
    if (layers.length === 0) return `Pulling the image ${this.image}.`;
    const complete = layers.filter(({ done }) => done === 1).length;
    const downloaded = layers.reduce((sum, layer) => sum + layer.downloaded, 0);
    return `Pulling the image ${this.image}: ${complete} of ${layers.length} layers, ${bytes(downloaded)} downloaded.`;
  }
}
