import type Docker from 'dockerode';
import { failures } from '../failures.ts';
import { orAborted } from '@horde/async';
import { engineFacts } from './limits.ts';
import { engineSays } from './engine-says.ts';
import { checkPolicy, type ImagePolicy, isNamed } from './image-policy.ts';
import { checkedReference, isImageId, parseReference } from './image-reference.ts';
import { pullFailure } from './pull-failure.ts';
import { type ImageProgress, type EngineEvent, PullProgress } from './pull-progress.ts';
import { isMarked, markPulled, noteUse } from './pulled-mark.ts';
import { checkRegistryAddress } from './registry-address.ts';
import { registryLogin } from './registry-login.ts';

export interface ImageOptions extends ImagePolicy {
  /** Told of each pull at its start and end, and twice a second between. Must neither wait nor throw. */
  onProgress?: (progress: ImageProgress) => void;
  /** Told what is odd about a pull that goes on all the same. */
  warn?: ((sentence: string) => void) | undefined;
  /** Images that are pulled get a mark in the engine, by which miners find those that may be removed. @default false */
  marksPulled?: boolean;
  /** Folder of the config.json with the logins at registries. @default DOCKER_CONFIG, else ~/.docker */
  dockerConfig?: string;
}

interface Pull {
  waiting: number;
  stop: AbortController;
  done: Promise<void>;
}

/**
 * Brings images to one Docker engine, each once for all in this process who wait for it. Of pulls by several processes
 * the engine makes one: each layer is downloaded once, as long as one of them waits.
 */
export class Images {
  private readonly pulls = new Map<string, Pull>();

  constructor(
    private readonly docker: Docker,
    private readonly options: ImageOptions = {},
  ) {}

  /**
   * Returns when the image is on this machine. One that is there already costs no network.
   *
   * @param signal stops waiting; the pull itself stops when nobody waits any more
   * @throws JobFailure where it is no name of an image, where the operator's policy does not allow it, on this machine
   *   already or not, and where it would have to be pulled from an address that is not of the public internet
   * @throws HordeError IMAGE_UNAVAILABLE
   */
  async ensure(image: string, signal: AbortSignal): Promise<void> {
    const reference = checkedReference(image);
    signal.throwIfAborted();
    checkPolicy(reference, this.options);
    if (await this.isPresent(reference)) return;
    signal.throwIfAborted();
    if (isImageId(reference))
      throw failures.IMAGE_UNAVAILABLE(reference, 'an id does not say where it is from');
    const pull = this.pulls.get(reference) ?? this.startPull(reference);
    pull.waiting++;
    try {
      await orAborted(pull.done, signal);
    } finally {
      if (--pull.waiting === 0) {
        pull.stop.abort();
        if (this.pulls.get(reference) === pull) this.pulls.delete(reference);
      }
    }
  }

  private async isPresent(reference: string): Promise<boolean> {
    try {
      const image = await this.docker.getImage(reference).inspect();
      // It may be removed at this moment, for not having been needed for long.
      return isMarked(image) ? await noteUse(this.docker, image) : true;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return false;
      throw error;
    }
  }

  private startPull(reference: string): Pull {
    const stop = new AbortController();
    const done = this.pull(reference, stop.signal);
    done.catch(() => {}); // when nobody waits any more
    const pull = { waiting: 0, stop, done };
    this.pulls.set(reference, pull);
    return pull;
  }

  private async pull(reference: string, abortSignal: AbortSignal): Promise<void> {
    const { registry } = parseReference(reference);
    const { onProgress, dockerConfig, warn, allowedRegistries = [] } = this.options;
    if (!isNamed(reference, allowedRegistries)) {
      const hasProxy = async () => (await engineFacts(this.docker)).hasProxy;
      await checkRegistryAddress(reference, { hasProxy });
    }
    const progress = onProgress && new PullProgress(reference, onProgress);
    const login = await registryLogin(registry, dockerConfig, warn);
    try {
      const events = await this.docker.createImage(login ?? undefined, { fromImage: reference, abortSignal });
      await throwOnError(events, progress?.read);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === 'connect') throw error; // the engine is not there any more
      const words = engineSays(error);
      // For this machine's log. Addresses of layers and tokens carry signatures in their query strings.
      const cause = new Error(words.replace(/(https?:\/\/[^\s"?]+)\?[^\s"]*/g, '$1'));
      throw failures
        .IMAGE_UNAVAILABLE(reference, pullFailure(registry, words, login !== null))
        .because(cause);
    }
    if (this.options.marksPulled)
      await markPulled(this.docker, reference).catch((error: unknown) =>
        warn?.(`${reference} stays on this machine until somebody removes it: ${engineSays(error)}`),
      );
    progress?.end();
  }
}

/** Reads the engine's progress (a JSON object a line) to its end; an `error` among it is thrown. */
export async function throwOnError(
  events: AsyncIterable<Buffer | string>,
  onLine: (event: EngineEvent) => void = () => {},
): Promise<void> {
  let rest = '';
  const decoder = new TextDecoder();
  const read = (line: string) => {
    if (line.trim() === '') return;
    const event = JSON.parse(line) as EngineEvent;
    if (event.error) throw new Error(event.error);
    onLine(event);
  };
  for await (const chunk of events) {
    const lines = (
      rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
    ).split('\n');
    rest = lines.pop()!;
    lines.forEach(read);
  }
  read(rest);
}
