import { isIPv6 } from 'node:net';
import { Injectable } from '@nestjs/common';
import { inParallel } from '@horde/async';
import { exchange, isPublicAddress } from '@horde/network';
import { withoutNuls } from '@horde/protocol';
import { FacilitatorSettings } from '../settings.ts';
import { MinerDirectory, type Miner, type MinerVersion } from './miner-directory.ts';

/** How long a miner may take to tell its version, as in ComputeHorde. @unit ms */
const patience = 1_000;
/** @unit bytes */
const maxAnswer = 64 * 1024;
/** How many miners are asked at once. */
const atOnce = 50;
/** @unit characters */
const maxVersion = 100;

/** What asking all miners has come to. */
export interface VersionsFetched {
  miners: number;
  /** How many of them have told a version. */
  answered: number;
  /** How many told another one than the last time, or have stopped or begun to answer. */
  changed: number;
}

/** Asks the miners of the chain for their versions. */
@Injectable()
export class MinerVersions {
  constructor(
    private readonly directory: MinerDirectory,
    private readonly settings: FacilitatorSettings,
  ) {}

  async fetch(): Promise<VersionsFetched> {
    const miners = await this.directory.active();
    const versions = await inParallel(miners, atOnce, (miner) => this.versionOf(miner));
    return {
      miners: miners.length,
      answered: versions.filter(({ version, runnerVersion }) => version || runnerVersion).length,
      changed: await this.directory.noteVersions(versions),
    };
  }

  /** The chain names the address, which could be one of the facilitator's own network: those are not asked. */
  private async versionOf({ hotkey, ip, port }: Miner): Promise<MinerVersion> {
    const silent: MinerVersion = { hotkey, version: '', runnerVersion: '' };
    if (!this.settings.privateMiners && !isPublicAddress(ip)) return silent;
    try {
      const url = new URL(`http://${isIPv6(ip) ? `[${ip}]` : ip}:${port}/version`);
      const signal = AbortSignal.timeout(patience);
      const { status, text } = await exchange(url, { signal, maxBytes: maxAnswer, direct: true });
      if (status !== 200) return silent;
      const said = JSON.parse(text) as Record<string, unknown> | null;
      return {
        hotkey,
        version: shown(said?.['miner_version']),
        runnerVersion: shown(said?.['runner_version']),
      };
    } catch {
      return silent;
    }
  }
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? withoutNuls(value).toWellFormed().slice(0, maxVersion) : '';
