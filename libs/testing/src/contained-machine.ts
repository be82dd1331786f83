import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';

const docker = new Docker();

/** A container that plays a machine: own file system, own network address, an engine in it where one is started. */
export abstract class ContainedMachine {
  protected constructor(
    protected readonly container: Docker.Container,
    readonly address: string,
    /** What commands are for. */
    private readonly shell: 'sh' | 'bash' = 'sh',
  ) {}

  /** @param lifetime seconds after which it ends by itself, where a test run is killed */
  protected static async startContainer(
    kind: string,
    image: string,
    lifetime: number,
  ): Promise<{ container: Docker.Container; address: string }> {
    const container = await docker.createContainer({
      name: `horde-test-${kind}-${randomBytes(4).toString('hex')}`,
      Image: image,
      Cmd: ['sleep', String(lifetime)],
      Labels: { 'horde.test': kind },
      Volumes: { '/var/lib/docker': {} },
      HostConfig: {
        Init: true,
        AutoRemove: true,
        Binds: ['/sys/fs/cgroup:/sys/fs/cgroup'],
        CapAdd: ['ALL'],
        CapDrop: ['SYS_RESOURCE'],
        // What Docker's client calls systempaths=unconfined.
        MaskedPaths: [],
        ReadonlyPaths: [],
        SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
        DeviceCgroupRules: ['a *:* rwm'],
      } as Docker.HostConfig,
    });
    await container.start();
    const { NetworkSettings } = await container.inspect();
    return { container, address: NetworkSettings.Networks['bridge']!.IPAddress };
  }

  /** Runs a command there, past SSH, and returns what it prints. */
  async run(command: string): Promise<string> {
    const exec = await this.container.exec({
      Cmd: [this.shell, '-c', command],
      AttachStdout: true,
      AttachStderr: true,
      Tty: true,
    });
    const output = await text(await exec.start({ Tty: true }));
    const { ExitCode } = await exec.inspect();
    if (ExitCode !== 0) throw new Error(`${command}: ${ExitCode}: ${output}`);
    return output.replaceAll('\r\n', '\n');
  }

  /** Starts a command that stays. */
  protected async runOn(command: string): Promise<void> {
    await (await this.container.exec({ Cmd: ['sh', '-c', command] })).start({ Detach: true });
  }

  async startEngine(): Promise<void> {
    await this.runOn('rm -f /var/run/docker.pid; exec dockerd >>/var/log/docker.log 2>&1');
    const answers = 'for i in $(seq 150); do docker version >/dev/null 2>&1 && exit; sleep 0.2; done';
    await this.run(`${answers}; tail /var/log/docker.log; exit 1`);
  }

  /** Copies an image of this machine's engine to that one's. */
  async load(image: string): Promise<void> {
    const exec = await this.container.exec({
      Cmd: ['docker', 'load', '-q'],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin: true });
    const output = text(stream);
    (await docker.getImage(image).get()).pipe(stream);
    await output;
    const { ExitCode } = await exec.inspect();
    if (ExitCode !== 0) throw new Error(`${image} could not be loaded: ${await output}`);
  }
}
