/** A part of `./horde test --all`: something that `./horde test` runs smaller, or not at all. */
export interface TestPart {
  name: string;
  /** A spec, or a tool of ours with its arguments. */
  runs: [file: string, ...words: string[]];
  environment?: Record<string, string>;
  /** It makes images of ours, or runs them on this machine: such parts run one after the other, beside all others. */
  makesImages?: true;
  /** It needs the images that the part `all-images` makes. */
  needsImages?: true;
}

/** At full size, and in this order: what takes long and says little more than the same did in a smaller size. */
export const partsOfAll: TestPart[] = [
  {
    name: 'creations',
    runs: ['tests/fuzz/creations.spec.ts'],
    environment: { FUZZ_CREATIONS: '10000' },
  },
  { name: 'frames', runs: ['tools/fuzz.ts'] },
  {
    name: 'event-streams',
    runs: ['tests/load/event-streams.spec.ts'],
    environment: { EVENT_STREAMS: '200 50 60' },
  },
  {
    name: 'miner-load',
    runs: ['tests/load/load.spec.ts'],
    environment: { MINER_LOAD: '50 20 2000' },
  },
  {
    name: 'without-pause',
    runs: ['tests/faults/jobs-without-pause.spec.ts'],
    environment: { JOBS_WITHOUT_PAUSE: '100' },
  },
  {
    name: 'api-document',
    runs: ['tests/interop/api-document.spec.ts'],
    environment: { WHOLE_INTEROP: 'yes' },
  },
  {
    name: 'monitoring',
    runs: ['tests/monitoring/prometheus.spec.ts'],
    environment: { REAL_PROMETHEUS: 'yes' },
  },
  // The images of runners name those that they start.
  { name: 'all-images', runs: ['tools/image.ts', 'all'], makesImages: true },
  {
    name: 'images',
    runs: ['tests/images/images.spec.ts', 'tests/images/runner-take-over.spec.ts'],
    environment: { WHOLE_IMAGES: 'yes' },
    makesImages: true,
  },
  {
    name: 'compose',
    runs: ['tests/compose/compose.spec.ts'],
    environment: { WHOLE_COMPOSE: 'yes' },
    makesImages: true,
  },
  {
    name: 'demo',
    runs: ['tests/e2e/demo.spec.ts', 'tests/e2e/demo-interrupted.spec.ts', 'tests/e2e/up.spec.ts'],
    environment: { WHOLE_DEMO: 'yes' },
  },
  {
    name: 'hosts',
    runs: ['tests/executor-managers/miner-hosts.spec.ts', 'tests/executor-managers/ssh.spec.ts'],
    environment: { WHOLE_HOSTS: 'yes' },
  },
  {
    name: 'self-test',
    runs: ['tests/miner-commands/self-test.spec.ts'],
    environment: { WHOLE_SELF_TEST: 'yes' },
  },
  {
    name: 'kills',
    runs: ['tests/faults/miner-sigkill.spec.ts', 'tests/chain/validator-weights.spec.ts'],
    environment: { WHOLE_KILLS: 'yes' },
  },
  {
    name: 'install-scripts',
    runs: ['tests/install/shellcheck.spec.ts'],
    environment: { WHOLE_INSTALL: 'yes' },
  },
  {
    name: 'install-plans',
    runs: ['tests/install/plans.spec.ts'],
    environment: { WHOLE_INSTALL: 'yes' },
  },
  {
    name: 'install-engine',
    runs: ['tests/install/engine.spec.ts'],
    environment: { WHOLE_INSTALL: 'yes' },
  },
  {
    name: 'install-gpu',
    runs: ['tests/install/gpu.spec.ts'],
    environment: { WHOLE_INSTALL: 'yes' },
  },
  {
    name: 'install-miner',
    runs: ['tests/install/miner-install.spec.ts'],
    environment: { WHOLE_INSTALL: 'yes' },
  },
  {
    name: 'install-link',
    runs: ['tests/install/link.spec.ts'],
    environment: { WHOLE_INSTALL: 'yes' },
  },
  {
    name: 'install-validator',
    runs: ['tests/install/validator-install.spec.ts'],
    environment: { WHOLE_INSTALL: 'yes' },
  },
  {
    name: 'install-real',
    runs: ['tests/install/real-install.spec.ts'],
    environment: { WHOLE_INSTALL: 'yes' },
    needsImages: true,
  },
  {
    name: 'switch',
    runs: ['tests/install/switch.spec.ts'],
    environment: { WHOLE_INSTALL: 'yes' },
    needsImages: true,
  },
  {
    name: 'move',
    runs: ['tests/install/move.spec.ts', 'tests/runner/move.spec.ts'],
    environment: { WHOLE_INSTALL: 'yes', WHOLE_RUNNER: 'yes' },
    makesImages: true,
  },
  {
    name: 'runner',
    runs: ['tests/runner/runner.spec.ts', 'tests/runner/postgres.spec.ts'],
    environment: { WHOLE_RUNNER: 'yes' },
    makesImages: true,
  },
  {
    name: 'runner-update',
    runs: ['tests/runner/update.spec.ts'],
    environment: { WHOLE_RUNNER: 'yes' },
    makesImages: true,
  },
  {
    name: 'updates',
    runs: ['tests/shipping/updates.spec.ts'],
    environment: { WHOLE_UPDATES: 'yes' },
    makesImages: true,
  },
  {
    name: 'operate',
    runs: ['tests/operate/installation.spec.ts'],
    environment: { WHOLE_OPERATE: 'yes' },
    makesImages: true,
  },
  {
    name: 'panel-themes',
    runs: ['tests/panel/pages.spec.ts'],
    environment: { PANEL_THEMES: 'dark' },
  },
  // Whether all of it is found: how fast, ./horde bench panel says.
  { name: 'panel-million', runs: ['tools/bench.ts', 'panel', '--without-bars'] },
  {
    name: 'panel-network',
    runs: ['tests/panel/running-network.spec.ts'],
    environment: { PANEL_NETWORK: 'yes' },
  },
  {
    name: 'running-network',
    runs: ['tests/monitoring/running-network.spec.ts'],
    environment: { RUNNING_NETWORK: 'yes' },
  },
  {
    name: 'simulated-rules',
    runs: ['tests/simulate/simulate.spec.ts'],
    environment: { SIMULATED_RULES: 'all' },
  },
  { name: 'simulation', runs: ['tools/simulate.ts'] },
  { name: 'faults', runs: ['tools/faults.ts', '--minutes', '10'] },
];
