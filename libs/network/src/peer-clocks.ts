import { steadyNow } from '@horde/async';

/** What a peer has told counts for so long. @unit ms */
const freshness = 3_600_000;
/** Of more peers those heard of longest ago are forgotten. */
const mostPeers = 500;
/** What headers and signed texts tell leaves out so much. @unit ms */
const second = 1_000;
/** A clock that is kept is nearer than that. @unit ms */
const near = 3_000;

/** How a peer has told its time. */
interface Told {
  /** By this machine's clock: it was not told before. @unit ms since 1970 @default when it is noted */
  from?: number;
  /** Somebody else may repeat it: a time that is no later than the last one of this peer says nothing. @default false */
  canBeRepeated?: boolean;
}

/** Between which bounds a peer's clock is ahead of this process's steady one. @unit ms */
interface Voice {
  least: number;
  most: number;
  told: number;
  /** By the steady clock. */
  heard: number;
}

/** What peers have told of this machine's clock. */
export interface ClockVerdict {
  /**
   * How far it is at least ahead of those of most peers, below 0 behind; 0: they do not agree that it is wrong by three
   * seconds or more. @unit ms
   */
  ahead: number;
  /** Whose clocks say so, in the order in which they were heard first. */
  peers: string[];
  /** Whose clocks say something else, and what. */
  others: Difference[];
}

interface Difference {
  peer: string;
  /** @unit ms */
  ahead: number;
}

/**
 * Compares this machine's clock with those of peers. One of them may lie, or have a wrong clock itself: this one counts as
 * wrong where more than half of the peers of the last hour, and at least two, say so to the same side.
 */
export class PeerClocks {
  private readonly voices = new Map<string, Voice>();

  /**
   * A peer has told its time, in whole seconds.
   *
   * @param peer its host without a port, or its hotkey: it has one voice
   * @param told @unit ms since 1970
   */
  note(peer: string, told: number, { from = Date.now(), canBeRepeated = false }: Told = {}): void {
    const before = this.voices.get(peer);
    if (Number.isNaN(told) || (canBeRepeated && before && told <= before.told)) return;
    if (!before && this.voices.size >= mostPeers) this.forgetOne();
    const heard = steadyNow();
    const asked = heard - (Date.now() - from);
    // Set where it was: who was heard first stays first.
    this.voices.set(peer, { least: told - heard, most: told + second - asked, told, heard });
  }

  /** A server has answered. One that passes on what was stored before tells no time of its own. @param asked when, by this machine's clock */
  noteAnswer(url: URL, headers: { date?: string; age?: string }, asked: number): void {
    if (headers.date !== undefined && headers.age === undefined)
      this.note(url.hostname, Date.parse(headers.date), { from: asked });
  }

  /** What most of them say; null: nobody was heard. */
  verdict(): ClockVerdict | null {
    const steady = steadyNow();
    // It may have been set since a peer was heard; the steady one was not.
    const own = Date.now() - steady;
    const all = [...this.voices]
      .filter(([, { heard }]) => steady - heard <= freshness)
      .map(([peer, { least, most }]) => {
        const ahead = Math.max(0, own - most) + Math.min(0, own - least);
        return { peer, ahead: Math.abs(ahead) < near ? 0 : ahead };
      });
    return all.length === 0 ? null : verdictOf(all);
  }

  forgetAll(): void {
    this.voices.clear();
  }

  private forgetOne(): void {
    const [oldest] = [...this.voices].toSorted(([, a], [, b]) => a.heard - b.heard);
    this.voices.delete(oldest![0]);
  }
}

function verdictOf(all: readonly Difference[]): ClockVerdict {
  const enough = Math.max(2, Math.floor(all.length / 2) + 1);
  const sorted = all.map(({ ahead }) => ahead).toSorted((a, b) => a - b);
  // Enough of them say at least so much.
  const most = Math.max(0, sorted.at(-enough) ?? 0);
  const least = Math.min(0, sorted[enough - 1] ?? 0);
  const ahead = most + least;
  const agrees = (one: number) => (ahead > 0 ? one >= ahead : ahead < 0 ? one <= ahead : one === 0);
  return {
    ahead,
    peers: all.filter((one) => agrees(one.ahead)).map(({ peer }) => peer),
    others: all.filter((one) => !agrees(one.ahead)),
  };
}

/** How a clock stands to others, for the end of a sentence: `31 s behind those of a, b and 3 more`. @param ahead @unit ms */
export function clockInWords(ahead: number, peers: readonly string[]): string {
  const by = `${Math.round(Math.abs(ahead) / 1_000)} s ${ahead > 0 ? 'ahead of' : 'behind'}`;
  return `${by} ${peers.length > 1 ? 'those' : 'that'} of ${peersInWords(peers)}`;
}

/** `a, b and 3 more` */
export function peersInWords(peers: readonly string[]): string {
  const named = peers.slice(0, peers.length > 4 ? 3 : 4);
  const more = peers.length - named.length;
  return more > 0
    ? `${named.join(', ')} and ${more} more`
    : named.join(', ').replace(/, ([^,]+)$/, ' and $1');
}

/** What this process has heard. It has one clock. */
export const peerClocks = new PeerClocks();
