import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NestFactory } from '@nestjs/core';
import { createLogger } from '@horde/operations';
import { devnetModule } from '../devnet.module.ts';
import { openLedger } from '../ledger/ledger.ts';
import { openLog } from '../ledger/open-log.ts';
import { DevnetSettings } from '../settings.ts';

interface DevnetAnswer {
  status: number;
  /** The parsed body, null when there is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- specs look into answers of all shapes
  body: any;
}

/** A real devnet for specs, on a port of its own. */
export interface TestDevnet {
  /** `http://127.0.0.1:PORT` */
  address: string;
  stateFile: string;
  /** A call of its HTTP API; `body` goes as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<DevnetAnswer>;
  /** Stops it; what it keeps is removed unless the state file was given. */
  close(): Promise<void>;
}

/** @param options as DevnetSettings; `now` replaces the machine's clock */
export async function startDevnet(
  options: {
    databaseUrl?: string;
    stateFile?: string;
    blockTime?: number;
    netuid?: number;
    subnetFile?: string;
    now?: () => number;
  } = {},
): Promise<TestDevnet> {
  const folder = options.stateFile ? null : await mkdtemp(path.join(tmpdir(), 'devnet-'));
  const { now, ...given } = options;
  const stateFile = options.stateFile ?? path.join(folder!, 'state.json');
  const settings = Object.assign(new DevnetSettings(), { ...given, stateFile });
  const ledger = await openLedger(await openLog(settings), settings, now);
  const logger = createLogger('devnet');
  const app = await NestFactory.create(devnetModule(settings, ledger, logger), {
    logger: false,
    bodyParser: false,
    abortOnError: false,
    forceCloseConnections: true,
  });
  await app.listen(0, '127.0.0.1');
  const address = await app.getUrl();
  return {
    address,
    stateFile,
    call: async (method, target, body, headers = {}) => {
      const response = await fetch(address + target, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? null : JSON.parse(text) };
    },
    close: async () => {
      await app.close();
      if (folder) await rm(folder, { recursive: true, force: true });
    },
  };
}
