/** The directions of imports: apps -> libs, libs by their index only, libs/protocol and libs/identity on their own. */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that import each other cannot be understood one after the other.',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-app-imports-another-app',
      comment: 'Services meet on the wire only: each can be swapped for its Python peer.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-import-no-app',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|examples)/' },
    },
    {
      name: 'libs-by-their-index-only',
      comment: 'What the index does not export is private.',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/([^/]+)/', pathNot: ['^libs/[^/]+/src/index[.]ts$', '^libs/testing/', '^$1/$2/'] },
    },
    {
      name: 'protocol-stands-alone',
      comment: 'What goes over the wires depends on nothing of ours and does no I/O.',
      severity: 'error',
      from: { path: '^libs/protocol/', pathNot: '[.]spec[.]ts$' },
      to: {
        path: ['^(apps|libs)/(?!protocol/)', '^(node:)?(fs|net|http|https|child_process|dgram|tls|dns)(/|$)'],
      },
    },
    {
      name: 'identity-stands-alone',
      severity: 'error',
      from: { path: '^libs/identity/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^(apps|libs)/(?!identity/)' },
    },
    {
      name: 'facilitator-core-knows-no-link',
      comment: 'Jobs are the core; the link to validators, metrics and commands build on them.',
      severity: 'error',
      from: { path: '^apps/facilitator/src/(jobs|validators|auth|http)/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^apps/facilitator/src/(validator-link|metrics|commands)/' },
    },
    {
      name: 'facilitator-access-and-validators-know-no-jobs',
      severity: 'error',
      from: { path: '^apps/facilitator/src/(validators|auth|http)/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^apps/facilitator/src/jobs/' },
    },
    {
      name: 'validator-core-knows-no-link',
      comment: 'Jobs and receipts are the core; the links, routing and the driver build on them.',
      severity: 'error',
      from: {
        path: '^apps/validator/src/(jobs|receipts|whitelist|capacity|incidents|blacklist|collateral|cheats)/',
        pathNot: '[.]spec[.]ts$',
      },
      to: { path: '^apps/validator/src/(facilitator|miner|allowance|routing|driver|scoring|weights)/' },
    },
    {
      name: 'validator-jobs-know-nothing-of-miners-conduct',
      severity: 'error',
      from: { path: '^apps/validator/src/(jobs|receipts|whitelist)/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^apps/validator/src/(capacity|incidents|blacklist|collateral|cheats)/' },
    },
    {
      name: 'validator-base-knows-nothing-above',
      comment: 'What the core stands on: settings that change, and the record of what happened.',
      severity: 'error',
      from: { path: '^apps/validator/src/(dynamic-config|events|metrics)/', pathNot: '[.]spec[.]ts$' },
      to: {
        path: '^apps/validator/src/(facilitator|miner|allowance|routing|driver|scoring|weights|retention|commands)/',
      },
    },
    {
      name: 'validator-links-know-the-core-only',
      severity: 'error',
      from: { path: '^apps/validator/src/(facilitator|miner)/', pathNot: '[.]spec[.]ts$' },
      to: {
        path: '^apps/validator/src/(facilitator|miner|allowance|routing|driver|scoring|weights)/',
        pathNot: '^apps/validator/src/$1/',
      },
    },
    {
      name: 'validator-allowance-knows-no-routing',
      severity: 'error',
      from: { path: '^apps/validator/src/allowance/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^apps/validator/src/(facilitator|routing|driver)/' },
    },
    {
      name: 'validator-scoring-stands-alone',
      comment: 'What validators have to agree on to the last bit are pure rules, without input and output.',
      severity: 'error',
      from: { path: '^apps/validator/src/scoring/', pathNot: '[.]spec[.]ts$' },
      to: {
        path: ['^apps/validator/src/', '^node:(fs|net|http|https|timers)(/|$)'],
        pathNot: '^apps/validator/src/scoring/',
      },
    },
    {
      name: 'validator-weights-know-no-jobs-on-their-way',
      severity: 'error',
      from: { path: '^apps/validator/src/weights/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^apps/validator/src/(jobs|facilitator|routing|driver|commands)/' },
    },
    {
      name: 'validator-routing-knows-no-driver',
      severity: 'error',
      from: { path: '^apps/validator/src/routing/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^apps/validator/src/(facilitator|driver)/' },
    },
    {
      name: 'miner-core-knows-no-link',
      comment: 'Jobs and receipts are the core; they reach the links through the ports in jobs/links.ts.',
      severity: 'error',
      from: { path: '^apps/miner/src/(jobs|receipts)/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^apps/miner/src/(validators|executors|background|http|commands|self-test|doctor)/' },
    },
    {
      name: 'miner-links-know-the-core-only',
      severity: 'error',
      from: { path: '^apps/miner/src/(validators|executors)/', pathNot: '[.]spec[.]ts$' },
      to: {
        path: '^apps/miner/src/(validators|executors|background|http|commands|self-test|doctor)/',
        pathNot: '^apps/miner/src/$1/',
      },
    },
    {
      name: 'miner-base-knows-nothing-above',
      comment:
        'What the core stands on: the chain, the directory of validators, settings that change, the database.',
      severity: 'error',
      from: {
        path: '^apps/miner/src/(chain|connections|database|directory|dynamic-config|identity)/',
        pathNot: '[.]spec[.]ts$',
      },
      to: {
        path: '^apps/miner/src/(jobs|receipts|validators|executors|background|http|commands|self-test|doctor)/',
      },
    },
    {
      name: 'executor-link-knows-no-job',
      comment: 'The job is driven over the link to the miner; the link knows messages and no job.',
      severity: 'error',
      from: { path: '^apps/executor/src/(miner|machine-specs)/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^apps/executor/src/job/' },
    },
    {
      name: 'cli-network-knows-no-demo',
      comment: 'The demo is one user of a network that the CLI starts.',
      severity: 'error',
      from: { path: '^apps/cli/src/network/', pathNot: '[.]spec[.]ts$' },
      to: { path: '^apps/cli/src/demo/' },
    },
    {
      name: 'tests-stay-out-of-the-sources',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['[.]spec[.]ts$', '/testing/'] },
      to: { path: ['^tests/', '[.]spec[.]ts$', '/testing/', '^node_modules/vitest/'] },
    },
    {
      name: 'specs-reach-an-app-by-its-testing',
      comment:
        'An app publishes to specs and benches what starts it in their process (src/testing) and its settings; the rest is ' +
        'its own. The others: the simulation and the benches run single rooms without their service; the fuzzer, the ' +
        'interop checks and the recorded vectors hold pure rules against the reference; specs of a service on the devnet, ' +
        'which is another app, have its schedules look at once; what services share with the reference is held against ' +
        'its lists of names.',
      severity: 'error',
      from: {
        path: '^(tests|tools)/',
        pathNot: [
          '^tests/simulate/',
          '^tools/bench/',
          '^tests/fuzz/links[.]ts$',
          '^tests/interop/(checks/(requests|weights)|cycles/our-weights)[.]ts$',
          '^tests/recorded/(exchanges|vectors)[.]spec[.]ts$',
          '^tests/chain/(miner-on-devnet|validator-allowance|validator-weights)[.]spec[.]ts$',
          // What services' commands are called is held against the reference's names, those that shells complete, and documents.
          '^tests/workspace/((service-)?commands|documents)[.]spec[.]ts$',
          // What is measured and told of, and what is kept, is data of the services: pages and rules are written from it.
          '^tools/(monitoring|retention)/services[.]ts$',
          // Pages are looked at in chosen states, which the rooms that they show are put into.
          '^tests/panel/faces/[^/]+-face[.]ts$',
          '^tests/monitoring/alerts[.]spec[.]ts$',
          // An example of an operator's own module, as the miner loads it.
          '^tests/executor-managers/custom[.]spec[.]ts$',
        ],
      },
      to: {
        path: '^apps/[^/]+/src/',
        pathNot: '^apps/[^/]+/src/(testing/|settings[.]ts$|dynamic-config/[a-z]+-config[.]ts$)',
      },
    },
    {
      name: 'specs-reach-a-library-by-its-index-or-its-testing',
      severity: 'error',
      from: { path: '^tests/', pathNot: '^tests/executor-managers/custom[.]spec[.]ts$' },
      to: { path: '^libs/', pathNot: '^libs/(testing/|[^/]+/src/(index[.]ts$|testing/))' },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  required: [
    {
      name: 'what-needs-no-app-is-in-libs-testing',
      comment:
        'What stays in an app to be shared by specs needs its insides, or knows its tables; scripted peers need neither.',
      severity: 'error',
      module: {
        path: '^apps/[^/]+/src/testing/',
        // A script that a process starts is found by its path, beside what starts it.
        pathNot: '^apps/facilitator/src/testing/stored-jobs[.]ts$|[.]mjs$',
      },
      to: { path: '^apps/[^/]+/src/(?!testing/)', reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['/dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
