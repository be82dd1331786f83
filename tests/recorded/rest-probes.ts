import type { Keypair } from '@horde/identity';
import { metricsToken } from '@horde/testing/metrics';
import { fullRequestHeaders, loginBody, nonceOf, signatureHeaders } from '../../apps/facilitator/src/testing/user.ts';

/** What the probes are sent with: a running facilitator, a user who is logged in, and others. */
export interface ProbeWorld {
  url: string;
  token: string;
  user: Keypair;
  /** Not whitelisted, and no validator. */
  stranger: Keypair;
  validatorHotkey: string;
  /** A nonce that a login has used up. */
  usedNonce: string;
}

export interface ProbeRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

type Fields = Record<string, unknown>;
type Probe = (world: ProbeWorld) => ProbeRequest | Promise<ProbeRequest>;

const jsonType = { 'content-type': 'application/json' };
const bearer = ({ token }: ProbeWorld) => ({ authorization: `Bearer ${token}` });

const get =
  (path: string, headers: (world: ProbeWorld) => Record<string, string> = () => ({}), method = 'GET'): Probe =>
  (world) => ({ method, path, headers: headers(world) });

const login =
  (change: (body: Fields, world: ProbeWorld) => unknown = (body) => body): Probe =>
  async (world) => {
    const body = loginBody(world.user, await nonceOf(world.url));
    return { method: 'POST', path: '/auth/login', headers: jsonType, body: JSON.stringify(change(body, world)) };
  };

const rawLogin =
  (body: string, type = 'application/json'): Probe =>
  () => ({ method: 'POST', path: '/auth/login', headers: { 'content-type': type }, body });

/** What the recorded probes create, but for what each of them changes. */
const job = (world: ProbeWorld): Fields => ({
  target_validator_hotkey: world.validatorHotkey,
  executor_class: 'always_on.llm.a6000',
  docker_image: 'localhost:5000/horde/none:such',
  job_namespace: 'SN1.0',
  args: ['a'],
  env: {},
  use_gpu: true,
  artifacts_dir: '/artifacts',
  on_trusted_miner: false,
  download_time_limit: 5,
  execution_time_limit: 5,
  streaming_start_time_limit: 5,
  upload_time_limit: 5,
});

interface CreateOptions {
  headers?: (signed: Record<string, string>, world: ProbeWorld) => Record<string, string>;
  path?: string;
}

/** Each creation has another time, lest it be taken for a repetition of an earlier one. */
let timestamp = BigInt(Date.now()) * 1_000_000n;

const rawCreate =
  (body: (world: ProbeWorld) => string, { headers, path = '/api/v1/job-docker/' }: CreateOptions = {}): Probe =>
  (world) => {
    const text = body(world);
    const signed = { ...jsonType, ...bearer(world), ...signatureHeaders(world.user, text, ++timestamp) };
    return { method: 'POST', path, headers: headers ? headers(signed, world) : signed, body: text };
  };

const create = (change: Fields = {}, options?: CreateOptions): Probe =>
  rawCreate((world) => JSON.stringify({ ...job(world), ...change }), options);

const without =
  (start: string) =>
  (headers: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(start)));
const unsigned = without('x-ch-');

const withHeader = (name: string, value: string | ((world: ProbeWorld) => string)): CreateOptions => ({
  headers: (signed, world) => ({
    ...signed,
    [`x-ch-${name}`]: typeof value === 'string' ? value : value(world),
  }),
});

const nobody = '11111111-1111-4111-8111-111111111111';
const cheated =
  (body: Fields, headers = (signed: Record<string, string>) => signed): Probe =>
  (world) => {
    const text = JSON.stringify(body);
    const signed = { ...jsonType, ...bearer(world), ...fullRequestHeaders(world.user, text) };
    return { method: 'POST', path: '/api/v1/cheated-job/', headers: headers(signed), body: text };
  };

const jobsList = '/api/v1/jobs/?page_size=1';
const authorized = (value: (token: string) => string): Probe =>
  get(jobsList, ({ token }) => ({ authorization: value(token) }));

/** The same token with a later time in it, under the old signature. */
function tampered(token: string): string {
  const [header, claims, seal] = token.split('.') as [string, string, string];
  const { iat, ...more } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iat: number };
  const changed = Buffer.from(JSON.stringify({ iat: iat + 60, ...more })).toString('base64url');
  return `${header}.${changed}.${seal}`;
}

const requiredFields = [
  'target_validator_hotkey',
  'download_time_limit',
  'execution_time_limit',
  'streaming_start_time_limit',
  'upload_time_limit',
];
const optionalFields = [
  'executor_class',
  'docker_image',
  'job_namespace',
  'args',
  'env',
  'use_gpu',
  'artifacts_dir',
  'on_trusted_miner',
];

/** The recorded probes by name, each built again with keys and tokens of this run. */
const probes: Record<string, Probe> = {
  nonce: get('/auth/nonce'),
  'nonce slash': get('/auth/nonce/'),
  'nonce post': get('/auth/nonce', () => ({}), 'POST'),
  'nonce bad bearer': get('/auth/nonce', () => ({ authorization: 'Bearer x' })),

  'login empty': login(() => ({})),
  'login no signature': login(({ hotkey, nonce }) => ({ hotkey, nonce })),
  'login no nonce': login(({ hotkey, signature }) => ({ hotkey, signature })),
  'login bad nonce': login((body) => ({ ...body, nonce: 'x' })),
  'login 0x signature': login((body) => ({ ...body, signature: `0x${String(body['signature'])}` })),
  'login bad hotkey': login((body) => ({ ...body, hotkey: 'x' })),
  'login wrong signature': login((body) => ({ ...body, signature: '0'.repeat(128) })),
  'login not allowed': login((body, { stranger }) => loginBody(stranger, String(body['nonce']))),
  'login list body': rawLogin('[]'),
  'login broken json': rawLogin('{x'),
  'login form body': rawLogin('a=b', 'application/x-www-form-urlencoded'),
  'login numbers': rawLogin('{"hotkey":1,"signature":2,"nonce":3}'),
  'login nul': login((body) => ({ ...body, hotkey: 'a\0b' })),
  'login ok': login(),
  'login nonce reused': login((_body, { user, usedNonce }) => loginBody(user, usedNonce)),

  'jobs no auth': get(jobsList),
  'jobs auth token': authorized((token) => token),
  'jobs auth bearer lower': authorized((token) => `bearer ${token}`),
  'jobs auth two spaces': authorized((token) => `Bearer  ${token}`),
  'jobs auth only word': authorized(() => 'Bearer'),
  'jobs auth garbage': authorized(() => 'Bearer garbage'),
  'jobs auth tampered': authorized((token) => `Bearer ${tampered(token)}`),
  'jobs auth basic': authorized(() => 'Basic dTpw'),
  'jobs auth non ascii': authorized(() => 'Bearer \u00e9'),
  'jobs no slash': get('/api/v1/jobs?page_size=1', bearer),
  'jobs DELETE': get('/api/v1/jobs/', bearer, 'DELETE'),
  'jobs PUT': get('/api/v1/jobs/', bearer, 'PUT'),
  'jobs PATCH': get('/api/v1/jobs/', bearer, 'PATCH'),
  'jobs POST': get('/api/v1/jobs/', bearer, 'POST'),
  'jobs OPTIONS': get('/api/v1/jobs/', bearer, 'OPTIONS'),
  'jobs HEAD': get('/api/v1/jobs/', bearer, 'HEAD'),

  unknown: get('/no/such/path'),
  root: get('/'),
  metrics: get('/metrics', () => ({ authorization: `Bearer ${metricsToken}` })),

  'create GET': get('/api/v1/job-docker/', bearer),
  'create unsigned': create({}, { headers: unsigned }),
  'create no auth': create({}, { headers: without('authorization') }),
  'create header bad signature': create({}, withHeader('signature', Buffer.alloc(64, 7).toString('base64'))),
  'create header not base64': create({}, withHeader('signature', '!!!')),
  'create header short signature': create({}, withHeader('signature', 'AAAA')),
  'create header bad signatory': create({}, withHeader('signatory', 'x')),
  'create header other signatory': create({}, withHeader('signatory', ({ stranger }) => stranger.address)),
  'create header timestamp word': create({}, withHeader('timestamp-ns', 'now')),
  'create header timestamp negative': create({}, withHeader('timestamp-ns', '-1')),
  'create header timestamp huge': create({}, withHeader('timestamp-ns', String(2n ** 64n))),
  'create header scope unknown': create({}, withHeader('signature-scope', 'Everything')),
  'create header type unknown': create({}, withHeader('signature-type', 'unknown')),

  'create unknown validator': rawCreate((world) =>
    JSON.stringify({ ...job(world), target_validator_hotkey: world.stranger.address }),
  ),
  'create class unknown': create({ executor_class: 'x' }),
  'create image long': create({ docker_image: 'x'.repeat(256) }),
  'create namespace long': create({ job_namespace: 'x'.repeat(101) }),
  'create args string': create({ args: 'x' }),
  'create args blank': create({ args: [''] }),
  'create args int': create({ args: [1] }),
  'create args nul': create({ args: ['a\0b'] }),
  'create env list': create({ env: ['a'] }),
  'create env int': create({ env: { A: 1 } }),
  'create limit negative': create({ execution_time_limit: -1 }),
  'create limit float': create({ execution_time_limit: 1.5 }),
  'create limit string': create({ execution_time_limit: '5' }),
  'create limit huge': create({ execution_time_limit: 2 ** 31 }),
  'create volumes null': create({ volumes: null }),
  'create volumes bad': create({ volumes: [{ volume_type: 'x' }] }),
  'create volumes string': create({ volumes: 'x' }),
  'create volumes missing field': create({
    volumes: [{ volume_type: 'single_file', url: 'https://e.x/a' }],
  }),
  'create uploads bad': create({ uploads: [{ output_upload_type: 'zip_and_http_put', url: 'https://e.x/a' }] }),
  'create volume file url': create({
    volumes: [{ volume_type: 'single_file', url: 'file:///etc/passwd', relative_path: 'x' }],
  }),
  'create volume dotdot': create({
    volumes: [{ volume_type: 'single_file', url: 'https://e.x/a', relative_path: '../x' }],
  }),
  'create unknown key': create({ unknown: 1 }),
  'create tag': create({ tag: 't1' }),
  'create trim': create({ args: [' a '] }),
  'create streaming null': create({ streaming_details: null }),
  'create streaming empty': create({ streaming_details: {} }),
  'create streaming text': create({ streaming_details: 'x' }),
  'create array body': rawCreate(() => '[]', { headers: unsigned }),
  'create broken json': rawCreate(() => '{x', { headers: unsigned }),
  'create text body': rawCreate(() => 'x', {
    headers: (signed) => ({ ...unsigned(signed), 'content-type': 'text/plain' }),
  }),
  'create signed empty body': rawCreate(() => ''),
  'create 3 MB body': create({ args: ['x'.repeat(3_000_000)] }),
  'create no slash': create({}, { path: '/api/v1/job-docker' }),

  'cheated empty': cheated({}),
  'cheated bad uuid': cheated({ job_uuid: 'x', trusted_job_uuid: 'x' }),
  'cheated unknown': cheated({ job_uuid: nobody, trusted_job_uuid: nobody }),
  'cheated unsigned': cheated({ job_uuid: nobody, trusted_job_uuid: nobody }, unsigned),
};

for (const field of [...requiredFields, ...optionalFields]) {
  probes[`create without ${field}`] = create({ [field]: undefined });
  probes[`create null ${field}`] = create({ [field]: null });
}

/** The request that a recorded probe stands for. @param name as recorded */
export function probeNamed(name: string): Probe {
  const known = probes[name];
  if (known) return known;
  const [what, path] = name.split(' ');
  if (path !== undefined && what === 'jobs') return get(`/api/v1/jobs/${path}`, bearer);
  if (path !== undefined && what === 'job') return get(`/api/v1/jobs/${path}`, bearer);
  throw new Error(`Nobody knows the probe "${name}".`);
}
