import type { Figure } from './figure.ts';

/** Whether a figure reaches its bar; null: it has none. */
export type Verdict = 'holds' | 'short' | null;

/** What was measured of a release: a file in bench/results. */
export interface Results {
  version: string;
  /** By the bench's name. */
  benches: Record<
    string,
    {
      /** The day: `2026-11-30`. */
      measured: string;
      machine: Record<'processor' | 'memory' | 'system' | 'node' | 'load', string> & { cores: number };
      figures: (Figure & { verdict: Verdict })[];
    }
  >;
}
