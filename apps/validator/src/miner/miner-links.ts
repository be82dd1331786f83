import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { orAborted, pause } from '@horde/async';
import { pauseBefore } from '@horde/transport';
import { MinerClient, type MinerAddress } from './miner-client.ts';
import { SharedLink, type JobEnd } from './shared-link.ts';

/** How long a connection stays open that no job is followed over. @unit ms */
const idleTime = 20_000;
/** The pause before a connection is tried once more; it doubles each time. @unit ms */
const firstPause = 200;

interface JoinOptions {
  /** How many times a connection is tried. */
  attempts: number;
  signal: AbortSignal;
}

/** The connections to one miner. */
interface Place extends MinerAddress {
  /** The one that further jobs may join. */
  shared: SharedLink | null;
  /** One that is being opened, and may be joined where the miner turns out to be durable. */
  opening: Promise<SharedLink> | null;
  /** The miner spoke plain v0 the last time: there each job has a connection of its own. */
  isPlain: boolean;
  idle: NodeJS.Timeout | undefined;
}

/** The connections that jobs are followed over: at a durable miner all of this process's jobs share one. */
@Injectable()
export class MinerLinks implements OnApplicationShutdown {
  /** By hotkey. */
  private readonly places = new Map<string, Place>();
  private readonly stopping = new AbortController();

  constructor(private readonly client: MinerClient) {}

  onApplicationShutdown(): void {
    this.stopping.abort();
    for (const { idle, shared } of this.places.values()) {
      clearTimeout(idle);
      shared?.link.close();
    }
  }

  /**
   * Follows a job over a connection to its miner that is open, or opens one.
   *
   * @throws the last attempt's error when all failed, or the signal's reason
   */
  async join(miner: MinerAddress, end: JobEnd, { attempts, signal }: JoinOptions): Promise<SharedLink> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(this.place(miner), end, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (attempt >= attempts) throw error;
        await pause(pauseBefore(attempt, firstPause), signal);
      }
    }
  }

  private async once(place: Place, end: JobEnd, signal: AbortSignal): Promise<SharedLink> {
    const joined = (shared: SharedLink | null) => {
      if (!shared?.join(end)) return null;
      clearTimeout(place.idle);
      return shared;
    };
    const shared = joined(place.shared) ?? joined(place.opening && (await orAborted(place.opening, signal)));
    return shared ?? this.open(place, end, signal);
  }

  private async open(place: Place, end: JobEnd, signal: AbortSignal): Promise<SharedLink> {
    const shared: SharedLink = new SharedLink(end, () => this.idle(place, shared));
    const opening = this.client
      .connect(place, { attempts: 1, signal: this.stopping.signal, ...shared.end })
      .then((link) => {
        shared.use(link);
        place.isPlain = !link.isDurable;
        if (shared.isShared) place.shared = shared;
        if (shared.isIdle) this.idle(place, shared);
        return shared;
      })
      .finally(() => {
        if (place.opening === opening) place.opening = null;
      });
    if (!place.isPlain) place.opening ??= opening;
    try {
      return await orAborted(opening, signal);
    } catch (error) {
      shared.leave(end, true);
      throw error;
    }
  }

  private idle(place: Place, shared: SharedLink): void {
    if (place.shared !== shared || !shared.isShared) return shared.link.close();
    clearTimeout(place.idle);
    place.idle = setTimeout(() => {
      if (place.shared === shared) place.shared = null;
      if (shared.isIdle) shared.link.close();
    }, idleTime).unref();
  }

  private place({ hotkey, ip, port }: MinerAddress): Place {
    const known = this.places.get(hotkey);
    if (known?.ip === ip && known.port === port) return known;
    const place = { hotkey, ip, port, shared: null, opening: null, isPlain: false, idle: undefined };
    this.places.set(hotkey, place);
    return place;
  }
}
