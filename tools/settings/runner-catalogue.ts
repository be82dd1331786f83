import { unreadVariables } from '../../libs/settings/src/unread-variables.ts';
import { services, settingsOfService } from './read-settings.ts';

/** What all services read beside their settings: how they log, whom they tell of traces, how they reach the web. */
const general = [
  'LOG_LEVEL',
  'LOG_FORMAT',
  'OTEL_*',
  'HORDE_NETWORK',
  'NODE_EXTRA_CA_CERTS',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
];

/** What a service passes on to those that it starts, and the passwords of keys. */
const beside: Record<string, string[]> = {
  miner: ['HF_*', 'VOLUME_*', 'JOB_*', 'OUTPUT_ZIP_UPLOAD_MAX_SIZE_BYTES', 'MINER_ABSENCE_LIMIT', 'BT_PW_*'],
  validator: ['BT_PW_*'],
};

/** Which variables of an operator's `.env` are for which service: generated, so that none is forgotten. */
export function runnerCatalogue(): {
  reads: Record<string, string[]>;
  secrets: Record<string, string[]>;
  unread: string[];
} {
  const started = services.filter((service) => !['executor', 'devnet'].includes(service));
  const reads = started.map((service) => {
    const own = settingsOfService(service).map(({ variable }) => variable);
    return [service, [...own, ...general, ...(beside[service] ?? [])].toSorted()] as const;
  });
  const secrets = started.map((service) => {
    const own = settingsOfService(service).filter(({ secret }) => secret);
    return [service, own.map(({ variable }) => variable).toSorted()] as const;
  });
  const unread = [...new Set(unreadVariables.flatMap(({ names }) => names))].toSorted();
  const own = settingsOfService('runner').map(({ variable }) => variable);
  return {
    reads: { ...Object.fromEntries(reads), pylon: ['PYLON_*'], runner: own },
    secrets: Object.fromEntries(secrets),
    unread,
  };
}
