import type { Installation } from '../runner/installation.ts';

/** How a command of docs/operate is run by a test. */
export type HowToRun =
  /** In a real installation of that service. */
  | {
      at: Installation['name'];
      /** What stands in its place, where its words are an example's. */
      as?: string;
      /** @default 0 */
      exit?: number;
      /** What it says on standard output or standard error. */
      says: RegExp;
    }
  /** In a folder of its own, each day: with the words of the command, in which `./horde` is this checkout's. */
  | { eachDay: string; says?: RegExp }
  /** By another spec, which has `words` in it. */
  | { by: string; words: string }
  /** By nobody: why. */
  | { byNobody: string };

const doctor = /\d+ OK, \d+ WARN, \d+ FAIL/;
const installs = { by: 'tests/install/miner-install.spec.ts' };
const moves = { by: 'tests/install/move.spec.ts' };
const releases = { by: 'tests/release/release.spec.ts' };
const switches = { by: 'tests/install/switch.spec.ts' };
const takesOver = { by: 'apps/miner/src/take-over/take-over.spec.ts', words: "'take_over'" };
const ofHost = { byNobody: 'It changes the machine that the tests run on.' };

/** By the command, as the pages have it. A command that is not here fails `./horde test`. */
export const howToRun: Record<string, HowToRun> = {
  // What an operator types at a host of the runner.
  'docker compose': { byNobody: 'The beginning of commands, named as such.' },
  'docker ps': { at: 'miner', says: /-app-1/ },
  'docker ps --filter name=PROJECT-': { at: 'miner', says: /-miner-runner-1/ },
  'docker compose up -d': { at: 'miner', says: /Running/ },
  'docker compose up -d --force-recreate': { at: 'miner', says: /Started/ },
  'docker compose restart': { at: 'miner', says: /Started/ },
  'docker compose down --remove-orphans && docker compose up -d': {
    by: 'tests/operate/installation.spec.ts',
    words: 'docker compose down --remove-orphans && docker compose up -d',
  },
  'docker compose logs -f': {
    at: 'miner',
    as: 'timeout 10 docker compose logs -f',
    exit: 124,
    says: /runner \|/,
  },
  'docker logs PROJECT-app-1': { at: 'miner', says: /miner listens/ },
  'docker logs --tail 100 PROJECT-app-1': { at: 'miner', says: /"service":"miner"/ },
  'docker logs --tail 100 PROJECT-db-1': { at: 'miner', says: /database system is ready/ },
  'docker logs --tail 50 PROJECT-db-1': { at: 'miner', says: /database system is ready/ },
  'docker logs --tail 50 PROJECT-pylon-1': { at: 'miner', says: /./ },
  'docker logs PROJECT-miner-runner-1': { at: 'miner', says: /The miner has been started/ },
  'docker logs --tail 50 PROJECT-miner-runner-1': { at: 'miner', says: /./ },
  "docker inspect -f '{{json .State.Health}}' PROJECT-app-1": { at: 'miner', says: /"Status":"healthy"/ },
  'docker system df': { at: 'miner', says: /Images/ },
  'curl ADDRESS:PORT/admin/login/ -i': { at: 'miner', says: /^HTTP\/1\.1 200 OK/ },
  'curl -H "Authorization: Bearer $METRICS_TOKEN" ADDRESS:PORT/metrics': {
    at: 'miner',
    says: /^horde_ready/m,
  },
  "docker exec PROJECT-db-1 psql -U postgres -c 'select * from miner_acceptedjob order by id desc limit 10'":
    {
      byNobody:
        'There is no psql in the Postgres that is made of packages; the view is in accepted-jobs.spec.ts.',
    },
  'docker exec PROJECT-app-1 miner doctor': { at: 'miner', says: doctor },
  'docker exec PROJECT-app-1 validator doctor': { at: 'validator', exit: 1, says: /FAIL +facilitator/ },
  'docker exec PROJECT-app-1 facilitator doctor': { at: 'facilitator', says: doctor },
  'docker exec facilitator-app-1 facilitator doctor': {
    at: 'facilitator',
    as: 'docker exec PROJECT-app-1 facilitator doctor',
    says: doctor,
  },
  'docker exec PROJECT-app-1 miner self_test': { at: 'miner', says: /job \S+ +Completed in/ },
  'docker exec PROJECT-app-1 python manage.py self_test': { at: 'miner', says: /job \S+ +Completed in/ },
  'docker exec PROJECT-app-1 miner explain': { at: 'miner', says: /job/ },
  'docker exec PROJECT-app-1 miner explain JOB': { at: 'miner', exit: 2, says: /There is no job \S+ here/ },
  'docker exec PROJECT-app-1 miner create_admin NAME': { at: 'miner', says: /Its password/ },
  'docker exec PROJECT-app-1 miner change_admin_password NAME': { at: 'miner', says: /password/ },
  'docker exec PROJECT-app-1 miner fetch_dynamic_config': { at: 'miner', says: /SERVING/ },
  'docker exec PROJECT-app-1 miner announce_address_and_port': { at: 'miner', says: /address/ },
  'docker exec PROJECT-app-1 miner send_test_alert': { at: 'miner', exit: 1, says: /ALERT_WEBHOOK_URL/ },
  'docker exec PROJECT-app-1 miner changes_since_take_over': {
    at: 'miner',
    says: /Nothing was taken over here/,
  },
  'docker exec PROJECT-app-1 validator debug_run_organic_job --docker_image IMAGE': {
    at: 'validator',
    exit: 1,
    says: /./,
  },
  'docker exec PROJECT-app-1 validator debug_run_organic_job --docker_image IMAGE --miner_hotkey HOTKEY': {
    at: 'validator',
    exit: 1,
    says: /./,
  },
  'docker exec PROJECT-app-1 validator explain_weights': { at: 'validator', says: /./ },
  'docker exec PROJECT-app-1 validator explain JOB': {
    at: 'validator',
    exit: 2,
    says: /There is no job \S+ here/,
  },
  'docker exec PROJECT-app-1 facilitator sync_metagraph': { at: 'facilitator', says: /./ },
  'docker exec PROJECT-app-1 facilitator list_whitelist': { at: 'facilitator', says: /./ },
  'docker exec facilitator-app-1 facilitator whitelist_hotkey HOTKEY': {
    at: 'facilitator',
    as: 'docker exec PROJECT-app-1 facilitator whitelist_hotkey HOTKEY',
    says: /may/,
  },
  'docker exec facilitator-app-1 facilitator back_up': {
    at: 'facilitator',
    as: 'docker exec PROJECT-app-1 facilitator back_up',
    exit: 2,
    says: /BACKUP_FOLDER/,
  },
  "sed -i 's|^RUNNER_IMAGE=.*|RUNNER_IMAGE=registry.example/facilitator-runner@sha256:…|' .env && docker compose up -d":
    { by: 'tests/operate/installation.spec.ts', words: 's|^RUNNER_IMAGE=.*|RUNNER_IMAGE=' },
  // What the runner's own commands are.
  'docker exec PROJECT-miner-runner-1 runner pending': { at: 'miner', says: /with what \.env says/ },
  'docker exec PROJECT-miner-runner-1 runner status': { at: 'miner', says: /runs here/ },
  'docker exec PROJECT-miner-runner-1 runner upgrade_postgres': {
    at: 'miner',
    says: /^The database is of Postgres \d+ already\.$/m,
  },
  'docker exec PROJECT-miner-runner-1 runner upgrade_postgres back': {
    at: 'miner',
    exit: 1,
    says: /There is no database of an older Postgres here/,
  },
  'docker exec PROJECT-miner-runner-1 runner update': { at: 'miner', exit: 1, says: /It gets no updates/ },
  'docker logs -f PROJECT-update-1': { by: 'tests/runner/update.spec.ts', words: '-update-1' },
  'docker run --rm --entrypoint cp -v PROJECT_backups:/from -v FOLDER:/to IMAGE -r /from/. /to': {
    byNobody: 'It is for after a backup that an update has made.',
  },
  'docker exec PROJECT-miner-runner-1 runner restore FILE.age key': {
    byNobody: 'As the one of backups.md, with the key that an update has made.',
  },
  'docker exec PROJECT-miner-runner-1 runner support_bundle > support.tar.gz': {
    at: 'miner',
    as: 'docker exec PROJECT-miner-runner-1 runner support_bundle > support.tar.gz && tar -tzf support.tar.gz',
    says: /doctor\.txt/,
  },
  'docker exec PROJECT-miner-runner-1 runner reset': { at: 'miner', exit: 2, says: /removes its database/ },
  'docker exec PROJECT-miner-runner-1 runner reset PROJECT': {
    by: 'tests/operate/installation.spec.ts',
    words: 'runner reset PROJECT',
  },
  'docker exec PROJECT-miner-runner-1 runner restore FILE.age backup.key': {
    by: 'tests/operate/installation.spec.ts',
    words: 'runner restore FILE.age backup.key',
  },
  'docker exec PROJECT-app-1 miner back_up': {
    by: 'tests/operate/installation.spec.ts',
    words: 'docker exec PROJECT-app-1 miner back_up',
  },
  'docker exec PROJECT-app-1 miner make_backup_key /tmp/backup.key && docker cp PROJECT-app-1:/tmp/backup.key . && docker exec PROJECT-app-1 rm /tmp/backup.key':
    { at: 'miner', says: /BACKUP_KEYS=age1/ },
  'sudo mkdir -p /var/backups/horde && sudo chown $(stat -c %u:%g ~/.bittensor/wallets/WALLET/hotkeys/HOTKEY) /var/backups/horde':
    ofHost,

  // What is typed in a checkout, or on a machine of one's own.
  './horde run miner make_backup_key backup.key': {
    by: 'apps/miner/src/commands/backup.spec.ts',
    words: "'make_backup_key'",
  },
  './horde run miner back_up': { by: 'apps/miner/src/commands/backup.spec.ts', words: "'back_up'" },
  './horde run miner restore miner-2026-11-30T00-30-00-000Z.age --key backup.key': {
    by: 'apps/miner/src/commands/backup.spec.ts',
    words: "'restore'",
  },
  './horde run miner doctor': { by: 'tests/miner-commands/doctor.spec.ts', words: 'doctor' },
  'age --decrypt --identity backup.key miner-2026-11-30T00-30-00-000Z.age | gunzip | less': {
    byNobody: 'age is a program of others; the format is checked in libs/backup.',
  },
  './horde jobs run': { by: 'tests/cli/jobs.spec.ts', words: 'run' },
  './horde image all': { by: 'tests/install/real-bundles.ts', words: "'image', 'all'" },
  './horde image bundle miner': { by: 'tests/install/real-bundles.ts', words: "'bundle', role" },
  './horde image miner-runner': { by: 'tests/images/runner-take-over.spec.ts', words: "'miner-runner'" },
  'ssh-keygen -t ed25519 -C releases -f release-key': {
    eachDay: "ssh-keygen -q -N '' -t ed25519 -C releases -f release-key && cat release-key.pub",
    says: /^ssh-ed25519 \S+ releases$/m,
  },
  'ssh-keygen -t ed25519 -C offline -f offline-key': {
    eachDay: "ssh-keygen -q -N '' -t ed25519 -C offline -f offline-key && cat offline-key.pub",
    says: /^ssh-ed25519 \S+ offline$/m,
  },
  './horde release': { ...releases, words: 'release' },
  './horde release stable --key release-key': { ...releases, words: "'stable'" },
  './horde release stable --key release-key --from dist/release/releases/stable --share 100': {
    ...releases,
    words: "'--share'",
  },
  './horde release stable --key release-key --from dist/release/releases/preprod': {
    ...releases,
    words: "'--from'",
  },
  './horde release keys --key offline-key new-release-key.pub': { ...releases, words: "'keys'" },
  'docker login registry.example': { byNobody: 'A registry of the operator’s own.' },
  'chmod 600 .env': { eachDay: 'touch .env && chmod 600 .env && stat -c %a .env', says: /^600$/m },
  'ssh -L 8080:127.0.0.1:80 USER@HOST': {
    byNobody: 'A tunnel that stays: the panel behind one is in login.spec.ts.',
  },
  'ls ~/.bittensor/wallets/WALLET/hotkeys': {
    eachDay: 'mkdir -p ~/.bittensor/wallets/WALLET/hotkeys && ls ~/.bittensor/wallets/WALLET/hotkeys',
  },

  // The install scripts.
  'curl -sSfL ADDRESS/install_miner.sh | bash -s - production DEST HOTKEY_PATH [PORT] [CLASS]': {
    ...installs,
    words: "'production'",
  },
  'curl -sSfL ADDRESS/install_miner.sh | bash -s - local DEST VALIDATOR_SS58 [PORT] [CLASS]': {
    by: 'tests/install/arguments.spec.ts',
    words: "['local', 'server'",
  },
  'curl -sSfL ADDRESS/install_validator.sh | bash -s - DEST HOTKEY_PATH': {
    by: 'tests/install/validator-install.spec.ts',
    words: "install('validator'",
  },
  'curl -sSfL ADDRESS/install_miner.sh | bash -s - uninstall DEST [--with-data] [--dry-run]': {
    ...installs,
    words: "'uninstall'",
  },

  // Moving.
  'curl -sSfL ADDRESS/install_miner.sh | bash -s - move OLD NEW [--now] [--dry-run]': {
    ...moves,
    words: "['move', 'server', 'next'",
  },
  'curl -sSfL ADDRESS/install_validator.sh | bash -s - move OLD NEW [--dry-run]': {
    ...moves,
    words: "install('validator', ['move'",
  },
  'docker exec PROJECT-miner-runner-1 runner take_back PROJECT': {
    at: 'miner',
    says: /was not handed over/,
  },
  'docker compose run --rm -T miner-runner take_in --key': {
    at: 'miner',
    exit: 1,
    says: /There are records of a miner/,
  },
  'docker exec PROJECT-miner-runner-1 runner hand_over KEY > handed-over': {
    by: 'tests/runner/move.spec.ts',
    words: "['hand_over', key]",
  },
  'docker compose run --rm -T miner-runner take_in < handed-over': {
    by: 'tests/runner/move.spec.ts',
    words: "['take_in'], written",
  },

  // Taking over.
  'cp -p docker-compose.yml docker-compose.yml.before': { ...switches, words: 'cp -p docker-compose.yml' },
  'docker rm -f compute_horde_miner-watchtower-1': {
    ...switches,
    words: 'docker rm -f compute_horde_miner-watchtower-1',
  },
  "sed -i '/^  watchtower:/,$d; s|image: .*/compute-horde-miner-runner:.*|image: horde/miner-runner:latest|' docker-compose.yml":
    {
      ...switches,
      words:
        "sed -i '/^  watchtower:/,$d; s|image: .*/compute-horde-miner-runner:.*|image: horde/miner-runner:latest|' docker-compose.yml",
    },
  'docker logs compute_horde_miner-miner-runner-1': {
    ...switches,
    words: 'docker logs compute_horde_miner-miner-runner-1',
  },
  'cp docker-compose.yml.before docker-compose.yml': {
    ...switches,
    words: 'cp docker-compose.yml.before docker-compose.yml',
  },
  'docker stop compute_horde_miner-app-1 compute_horde_miner-celery-worker-1 compute_horde_miner-celery-beat-1':
    {
      byNobody: 'ComputeHorde’s own containers.',
    },
  'export PGPASSWORD=…': { byNobody: 'What the next line reads.' },
  'horde run miner take_over postgres://postgres@HOST:PORT/postgres --dry-run': {
    ...takesOver,
    words: "'--dry-run'",
  },
  'horde run miner take_over postgres://postgres@HOST:PORT/postgres': takesOver,
  'horde run validator take_over …': { ...takesOver, by: 'apps/validator/src/take-over/take-over.spec.ts' },
  './horde run …': takesOver,
  'horde run miner prepare_receipts': {
    by: 'apps/miner/src/commands/commands.spec.ts',
    words: "'prepare_receipts'",
  },
  'horde run miner changes_since_take_over': { ...takesOver, words: "'changes_since_take_over'" },
  'docker rm -f PROJECT-old-db-1': {
    byNobody:
      'It is for a runner that was ended amid taking over; what it removes is removed at the next start, too.',
  },

  // What mends a machine.
  'sudo ss -ltnp': ofHost,
  'sudo chown -R USER ~/.bittensor/wallets': ofHost,
  'sudo systemctl restart docker': ofHost,
  'sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker': ofHost,
  'sudo timedatectl set-ntp true': ofHost,
  "sudo apt-get purge '^nvidia-.*'": ofHost,
  'docker image prune': ofHost,
  'nvidia-smi -L': { byNobody: 'There is no GPU here.' },
  'ssh HOST docker version': { byNobody: 'A host of the operator’s own.' },
};
