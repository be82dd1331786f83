import type { Project } from '../project.ts';
import type { ReleaseState, StateStore } from './release-state.ts';

/** The store of the runner, which does not see the volume: each use runs a container that does. */
export class StoreByPrepare implements StateStore {
  constructor(private readonly project: Project) {}

  async read(): Promise<ReleaseState> {
    return JSON.parse(await this.project.prepare('read-release')) as ReleaseState;
  }

  async note(change: Partial<ReleaseState>): Promise<ReleaseState> {
    return JSON.parse(await this.project.prepare('note-release', JSON.stringify(change))) as ReleaseState;
  }
}
