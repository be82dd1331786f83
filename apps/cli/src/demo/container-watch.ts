import type { Readable } from 'node:stream';
import type Docker from 'dockerode';

/** What the Docker engine itself says of a job's container. */
export interface SeenContainer {
  id: string;
  /** The image's id. */
  image: string | null;
  /** The executor's process: its pid and start time, as the container's label says. */
  executor: string | null;
  /** When each thing happened, in ms since 1970: create, start, die, destroy. */
  times: Map<string, number>;
}

interface DockerEvent {
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  timeNano: number;
}

/** Follows the engine's events about the container of one job. */
export class ContainerWatch {
  private readonly seen = new Map<string, SeenContainer>();

  private constructor(private readonly events: Readable) {
    let rest = '';
    events.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop()!;
      for (const line of lines.filter(Boolean)) this.note(JSON.parse(line) as DockerEvent);
    });
    events.on('error', () => undefined);
  }

  /** @param label such as `horde.network=demo-1a2b` */
  static async open(docker: Docker, label: string): Promise<ContainerWatch> {
    const events = await docker.getEvents({ filters: { type: ['container'], label: [label] } });
    return new ContainerWatch(events as Readable);
  }

  /** The container of a job; null when the engine told of none. */
  containerOf(jobUuid: string): SeenContainer | null {
    return this.seen.get(jobUuid) ?? null;
  }

  close(): void {
    this.events.destroy();
  }

  private note({ Action, Actor, timeNano }: DockerEvent): void {
    const job = Actor.Attributes['horde.job'];
    // An executor makes others for a job, too: to check the machine, for one.
    if (!job || !Actor.Attributes['name']?.endsWith('-job')) return;
    const container = this.seen.get(job) ?? {
      id: Actor.ID,
      image: Actor.Attributes['image'] ?? null,
      executor: Actor.Attributes['horde.owner'] ?? null,
      times: new Map<string, number>(),
    };
    container.times.set(Action, timeNano / 1e6);
    this.seen.set(job, container);
  }
}
