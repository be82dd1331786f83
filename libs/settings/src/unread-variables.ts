/** Variables of ComputeHorde's that a service of ours does not read: told at start where they are set. */
export interface UnreadVariables {
  names: readonly string[];
  services: readonly ServiceName[];
  /** The rest of a sentence, and why nobody misses it. */
  why: string;
}

type ServiceName = 'facilitator' | 'validator' | 'miner' | 'executor';

const django = ['facilitator', 'validator'] as const;
const withDatabase = ['facilitator', 'validator', 'miner'] as const;
const ofCompose = "it is for the runner, or for containers of ComputeHorde's that are none here";

/** All of them; with those that a settings class reads, they are all that ComputeHorde's services read. */
export const unreadVariables: readonly UnreadVariables[] = [
  {
    names: ['HF_ACCESS_TOKEN'],
    services: ['miner'],
    why: 'the miner has no use for it; its executors get it as it is',
  },
  {
    names: ['SECRET_KEY'],
    services: ['validator', 'miner', 'executor'],
    why: 'there are no web sessions to sign',
  },
  {
    names: ['POSTGRES_PASSWORD', 'DATABASE_SUFFIX'],
    services: withDatabase,
    why: '`DATABASE_URL` names user, password and database, and must be set',
  },
  {
    names: ['POSTGRES_DB', 'POSTGRES_HOST', 'POSTGRES_PORT', 'POSTGRES_USER'],
    services: ['facilitator'],
    why: '`DATABASE_URL` names host, port, user and database, and must be set',
  },
  {
    names: ['DEBUG_OVERRIDE_DATABASE_NAME'],
    services: ['validator'],
    why: '`DATABASE_URL` names the database',
  },
  {
    names: ['DATABASE_POOL_URL'],
    services: withDatabase,
    why: 'a pool between transactions loses the locks that migrations hold; services keep pools of their own',
  },
  {
    names: [
      'CELERY_BROKER_URL',
      'CELERY_TASK_ALWAYS_EAGER',
      'CELERY_WORKER_PREFETCH_MULTIPLIER',
      'CELERY_BROKER_POOL_LIMIT',
      'CHANNELS_BACKEND',
      'CHANNELS_BACKEND_URL',
      'DEBUG_CELERY_HOOK_SCRIPT_FILE',
    ],
    services: withDatabase,
    why: 'queues are in `DATABASE_URL`, or in the Redis of `REDIS_URL` or `REDIS_HOST`; there is no bus between handlers',
  },
  {
    names: ['DEFAULT_ADMIN_EMAIL'],
    services: ['validator', 'miner'],
    why: 'accounts of the panel have no address',
  },
  { names: ['PROMETHEUS_MULTIPROC_DIR'], services: withDatabase, why: 'a service is one process' },
  {
    names: ['SENTRY_DSN'],
    services: ['facilitator', 'validator', 'miner', 'executor'],
    why: 'errors are lines of the log; nothing is sent elsewhere',
  },
  { names: ['ROOT_LOGGER_LEVEL'], services: ['validator'], why: '`LOG_LEVEL` says how much is logged' },
  {
    names: ['CLUSTER_SECRET', 'CLUSTER_HOTKEYS'],
    services: ['miner'],
    why: "ComputeHorde's miner does not use them either",
  },
  {
    names: ['OLD_MINER_IP', 'OLD_MINER_PORT', 'DYNAMIC_DUMMY'],
    services: ['miner'],
    why: "ComputeHorde's miner does nothing with them either",
  },
  { names: ['HOST_WALLET_DIR'], services: ['validator', 'miner'], why: ofCompose },
  {
    names: ['HOST_VENDOR_DIR', 'MINER_IMAGE_TAG', 'DOCKER_STORAGE_THRESHOLD'],
    services: ['miner'],
    why: ofCompose,
  },
  {
    names: ['HTTP_PORT', 'PULL_POLICY', 'HOST_PROMETHEUS_METRICS_DIR', 'PYLON_METRICS_TOKEN'],
    services: ['validator'],
    why: ofCompose,
  },
  {
    names: ['CELERY_MAX_TASKS_PER_CHILD'],
    services: ['validator'],
    why: 'there are no workers of that kind: a service is one process',
  },
  {
    names: ['HF_HUB_ENABLE_HF_TRANSFER'],
    services: ['executor'],
    why: 'files come from Hugging Face over HTTP, without that library',
  },
  {
    names: ['ENV', 'DEBUG'],
    services: ['facilitator', 'validator', 'executor'],
    why: 'they are for a web framework that is not here',
  },
  {
    names: [
      'DEBUG_TOOLBAR',
      'HTTPS_REDIRECT',
      'CSP_ENABLED',
      'STATIC_URL',
      'STATIC_ROOT',
      'MEDIA_URL',
      'MEDIA_ROOT',
      'EMAIL_BACKEND',
      'EMAIL_FILE_PATH',
      'EMAIL_HOST',
      'EMAIL_PORT',
      'EMAIL_HOST_USER',
      'EMAIL_HOST_PASSWORD',
      'EMAIL_USE_TLS',
      'DEFAULT_FROM_EMAIL',
    ],
    services: django,
    why: 'no pages are served and no mails are sent; TLS is the business of a proxy before the service',
  },
  {
    names: ['CORS_ENABLED', 'CORS_ALLOWED_ORIGINS', 'CORS_ALLOWED_ORIGIN_REGEXES', 'CORS_ALLOW_ALL_ORIGINS'],
    services: ['validator'],
    why: 'it has no API for web pages',
  },
  {
    names: ['WANDB_API_KEY', 'COMPUTEHORDE_API_ENDPOINT', 'COMPUTEHORDE_API_KEY'],
    services: ['facilitator'],
    why: 'they are for the statistics of another subnet, which are not here',
  },
  {
    names: [
      'CSP_REPORT_ONLY',
      'CSP_REPORT_URL',
      'CSP_DEFAULT_SRC',
      'CSP_SCRIPT_SRC',
      'CSP_STYLE_SRC',
      'CSP_FONT_SRC',
      'CSP_IMG_SRC',
      'CSP_MEDIA_SRC',
      'CSP_OBJECT_SRC',
      'CSP_FRAME_SRC',
      'CSP_CONNECT_SRC',
      'CSP_CHILD_SRC',
      'CSP_MANIFEST_SRC',
      'CSP_WORKER_SRC',
      'CSP_BLOCK_ALL_MIXED_CONTENT',
      'CSP_EXCLUDE_URL_PREFIXES',
    ],
    services: ['facilitator'],
    why: 'no pages are served',
  },
  {
    names: [
      'CELERY_MASTER_CONCURRENCY',
      'CELERY_WORKER_CONCURRENCY',
      'CELERY_FLOWER_USER',
      'CELERY_FLOWER_PASSWORD',
      'GUNICORN_TIMEOUT',
      'WORKERS',
    ],
    services: ['facilitator'],
    why: 'there are no workers of that kind: a service is one process, and runs as several replicas',
  },
  {
    names: [
      'NGINX_HOST',
      'LOKI_CLIENT',
      'LOKI_CLIENT_SERVER_GROUP',
      'LOKI_PASSWORD',
      'LOKI_REFRESH_INTERVAL',
      'LOKI_URL',
      'LOKI_USER',
    ],
    services: ['facilitator'],
    why: ofCompose,
  },
  {
    names: ['HTTP_ASGI_APPLICATION_PATH', 'ENV_FILL_MISSING_VALUES'],
    services: ['facilitator'],
    why: "they change nothing in ComputeHorde's facilitator, or how its web framework starts",
  },
  {
    names: ['DEBUG_FETCH_RECEIPTS_FROM_MINERS'],
    services: ['validator'],
    why: 'receipts are fetched from the miners of the chain, and by `transfer_receipts` from one that is named',
  },
  {
    names: ['DEBUG_MINER_COUNT', 'DEBUG_DONT_STAGGER_VALIDATORS'],
    services: ['validator'],
    why: "they were for jobs that ComputeHorde's validator does not run any more",
  },
  {
    names: [
      'DEBUG_USE_MOCK_BLOCK_NUMBER',
      'DEBUG_CONNECT_FACILITATOR_WEBHOOK',
      'DEBUG_SET_SCORES_MINUTE',
      'DEBUG_SET_SCORES_HOUR',
      'DEBUG_RUN_BEAT_VERY_OFTEN',
    ],
    services: ['validator'],
    why: 'the devnet stands for them: its clock goes as fast as you like',
  },
  {
    names: [
      'S3_BUCKET_NAME_PROMPTS',
      'S3_BUCKET_NAME_ANSWERS',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_ENDPOINT_URL',
    ],
    services: ['validator'],
    why: "ComputeHorde's installer asks for them, and its validator reads them no more",
  },
];

/** The variables of an environment that ComputeHorde's service of this name reads and ours does not. */
export function unreadOf(
  service: string,
  environment: Record<string, string | undefined>,
): { name: string; why: string }[] {
  return unreadVariables
    .filter(({ services }) => (services as readonly string[]).includes(service))
    .flatMap(({ names, why }) => names.map((name) => ({ name, why })))
    .filter(({ name }) => (environment[name] ?? '') !== '');
}
