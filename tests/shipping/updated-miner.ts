import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createHotkey, Keypair } from '@horde/identity';
import type { ReleasedImage } from '@horde/release';
import { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { expect, vi } from 'vitest';
import { NearServer } from './near-server.ts';
import type { ReleasePlace } from './release-place.ts';

/** Of what one image starts the other: as a release has them. */
export interface MinerRelease {
  app: ReleasedImage;
  runner: ReleasedImage;
}

/** Of what the runner remembers of releases, what is looked at here. */
interface ReleaseState {
  current: { id: string; reference: string } | null;
  refused: { number: number; why: string }[];
  /** Why the last one was put off. */
  trouble: { number: number; why: string } | null;
  update: { stage: string } | null;
}

const project = 'compute_horde_miner';
const settings = {
  BITTENSOR_NETWORK: 'devnet',
  DEBUG_NO_GPU_MODE: 'true',
  HOST_VENDOR_DIR: '/root/vendor',
  DOCKER_EXECUTORS_CONFIG_PATH: '/root/vendor/executors.yml',
  // Beside everything else that runs on this machine.
  DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '60',
  // Updates are begun by their command.
  UPDATE_EVERY_SECONDS: '86400',
  UPDATE_READY_SECONDS: '120',
  UPDATE_WATCH_SECONDS: '10',
};
const executors = `this-machine: { mode: local, executor_class: always_on.test, executors: 2 }`;
/** Until an update has come to its end. */
const patience = { timeout: 300_000, interval: 500 };

/** A miner on a server of its own, installed from a place of releases as operators do it. */
export class UpdatedMiner {
  private constructor(
    readonly near: NearServer,
    private readonly place: ReleasePlace,
    private readonly hotkey: string,
  ) {}

  /** @param image that jobs need */
  static async install(place: ReleasePlace, image: string): Promise<UpdatedMiner> {
    const near = await NearServer.start(place);
    try {
      return new UpdatedMiner(near, place, await installOn(near, image));
    } catch (error) {
      await near.remove();
      throw error;
    }
  }

  run = (command: string): Promise<string> => this.near.server.run(command);

  /** A validator that the miner knows. */
  async validator(): Promise<ScriptedValidator> {
    const url = `ws://${this.near.server.address}:8000`;
    const validator = new ScriptedValidator(() => url, this.hotkey, Keypair.generate());
    await this.run(`docker exec ${project}-app-1 miner debug_add_validator ${validator.hotkey}`);
    return validator;
  }

  /** `runner update`, as an operator types it. @returns whether it has begun one, and what it says */
  async update(): Promise<{ code: number; said: string }> {
    const typed = `docker exec ${project}-miner-runner-1 runner update 2>&1; echo "ended with $?"`;
    const said = await this.run(typed);
    return { code: Number(/ended with (\d+)\s*$/.exec(said)![1]), said };
  }

  /** What the runner remembers of releases. */
  async state(): Promise<ReleaseState> {
    return JSON.parse(await this.run(`cat ${this.stateFile}`)) as ReleaseState;
  }

  /** Resolves when no update is under way any more. */
  settled(): Promise<ReleaseState> {
    return vi.waitFor(async () => {
      const names = await this.run(`docker ps -a --format '{{.Names}}' --filter name=${project}`);
      const state = await this.state();
      expect(state.update).toBeNull();
      expect(names).not.toContain(`${project}-update-1`);
      return state;
    }, patience);
  }

  /** Kills the process of an update once it is at this stage; the engine starts it again. */
  async killUpdaterAt(stage: string): Promise<void> {
    const pid = `$(docker inspect -f '{{.State.Pid}}' ${project}-update-1 2>/dev/null || echo 0)`;
    await this.run(
      `for i in $(seq 30000); do if grep -q '"stage": "${stage}"' ${this.stateFile} && pid=${pid} && [ $pid != 0 ]; then kill -KILL $pid && exit; fi; sleep 0.02; done; exit 1`,
    );
  }

  /** That this release runs, is ready, and is the one that a start by hand would start. */
  async runs({ app, runner }: MinerRelease): Promise<void> {
    await vi.waitFor(async () => {
      const look = '{{.Image}} {{.State.Status}}{{if .State.Health}} {{.State.Health.Status}}{{end}}';
      const containers = ['app', 'miner-runner'].map((service) => `${project}-${service}-1`);
      const found = await this.run(`docker inspect -f '${look}' ${containers.join(' ')}`);
      expect(found.trim().split('\n')).toEqual([`${app.id} running healthy`, `${runner.id} running`]);
    }, patience);
    const named = `${this.place.registryHost}/horde/miner-runner@${runner.digest}`;
    expect(await this.run('grep ^RUNNER_IMAGE= ~/compute_horde_miner/.env')).toMatch(
      new RegExp(`^RUNNER_IMAGE="?${named}"?\\n$`),
    );
    expect((await this.state()).current).toMatchObject({ id: runner.id, reference: named });
  }

  /** Which images containers are started from, while something is done; as the engine is asked for them. */
  async startedDuring(work: () => Promise<unknown>): Promise<string> {
    const events = "docker events --filter event=start --format '{{.Actor.Attributes.image}}'";
    await this.run(`setsid ${events} >/root/started 2>&1 </dev/null & echo $! >/root/events.pid; sleep 1`);
    await work();
    return this.run('kill $(cat /root/events.pid); cat /root/started');
  }

  /** The engine ends with all that runs on it, and is started again. */
  async reboot(): Promise<void> {
    await this.run(
      'pid=$(cat /var/run/docker.pid); kill $pid; for i in $(seq 600); do [ -e /proc/$pid ] || exit 0; sleep 0.1; done; exit 1',
    );
    await this.near.server.startEngine();
  }

  private readonly stateFile = `/var/lib/docker/volumes/${project}_runner/_data/release.json`;
}

/** @returns the hotkey's address */
async function installOn(near: NearServer, image: string): Promise<string> {
  const { server } = near;
  const wallet = path.join(server.folder, 'wallets/mine');
  const hotkey = path.join(wallet, 'hotkeys/default');
  mkdirSync(path.dirname(hotkey), { recursive: true });
  writeFileSync(path.join(wallet, 'coldkeypub.txt'), '{"ss58Address":"5F"}\n');
  const { address } = await createHotkey(hotkey);
  const lines = Object.entries({ ...settings, BITTENSOR_MINER_ADDRESS: server.address });
  await server.run(
    [
      'mkdir -p ~/compute_horde_miner ~/vendor',
      `echo '${executors}' >~/vendor/executors.yml`,
      ...lines.map(([name, value]) => `echo ${name}=${value} >>~/compute_horde_miner/.env`),
    ].join(' && '),
  );
  await server.load(image);
  const words = ['production', 'server', hotkey, '8000', 'always_on.test'];
  const { code, stderr } = await near.install('miner', words);
  if (code !== 0) throw new Error(`The install ended with ${code}:\n${stderr}`);
  return address;
}
