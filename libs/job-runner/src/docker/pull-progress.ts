import { bytes } from '@horde/protocol';

/** How far the pull of an image is. */
export interface ImageProgress {
  image: string;
  /** 0 to 100, each of the image's layers counting alike; never falls. Null: not known yet. */
  percent: number | null;
  /** How much of the layers that were not here is downloaded. @unit bytes */
  done: number;
  /** How much they have; null: not known yet of all of them. @unit bytes */
  total: number | null;
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
  /** @unit bytes */
  downloaded: number;
  /** null: not known. @unit bytes */
  size: number | null;
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
    this.tell({
      image: this.image,
      percent: this.percent(),
      done: this.downloaded(),
      total: this.size(),
      sentence: this.sentence(),
    });
  };

  end(): void {
    const sentence = `The image ${this.image} is on this machine.`;
    const total = this.size() ?? this.downloaded();
    this.tell({ image: this.image, percent: 100, done: total, total, sentence });
  }

  private take({ status, id, progressDetail }: EngineEvent): void {
    if (!id || !status) return;
    if (status === 'Pulling fs layer') this.layers.set(id, { done: 0, downloaded: 0, size: null });
    if (status === 'Already exists') this.layers.set(id, { done: 1, downloaded: 0, size: 0 });
    const layer = this.layers.get(id); // the first line's id is the image's tag
    if (!layer) return;
    const { current = 0, total = 0 } = progressDetail ?? {};
    const part = total > 0 ? Math.min(current / total, 1) : 0;
    const reached = (share: number) => (layer.done = Math.max(layer.done, share));
    if (status === 'Downloading') {
      layer.downloaded = Math.max(layer.downloaded, current);
      if (total > 0) layer.size = total;
      reached(part * downloadShare);
    } else if (status === 'Download complete') {
      layer.downloaded = layer.size ??= layer.downloaded; // of a small one nothing was told before
      reached(downloadShare);
    } else if (status === 'Extracting') reached(downloadShare + part * (1 - downloadShare));
    else if (status === 'Pull complete') reached(1);
  }

  private percent(): number | null {
    if (this.layers.size === 0) return null;
    const done = [...this.layers.values()].reduce((sum, layer) => sum + layer.done, 0);
    return Math.floor((100 * done) / this.layers.size);
  }

  private downloaded(): number {
    return [...this.layers.values()].reduce((sum, layer) => sum + layer.downloaded, 0);
  }

  private size(): number | null {
    if (this.layers.size === 0) return null;
    return [...this.layers.values()].reduce<number | null>(
      (sum, { size }) => (sum === null || size === null ? null : sum + size),
      0,
    );
  }

  private sentence(): string {
    const layers = [...this.layers.values()];
    if (layers.length === 0) return `Pulling the image ${this.image}.`;
    const complete = layers.filter(({ done }) => done === 1).length;
    return `Pulling the image ${this.image}: ${complete} of ${layers.length} layers, ${bytes(this.downloaded())} downloaded.`;
  }
}
