import { PaidJobs } from '../scoring/paid-jobs.ts';
import { AllowanceBlock } from './allowance-block.entity.ts';
import { AllowanceMetrics } from './allowance-metrics.ts';
import { AllowanceView } from './allowance-view.ts';
import { AllowancePaidJobs } from './allowance-paid-jobs.ts';
import { Allowance } from './allowance.ts';
import { StoredBooking } from './booking.entity.ts';
import { ChainBlocks } from './chain-blocks.ts';
import { ChainSchedule } from './chain-schedule.ts';
import { CheckpointMetrics } from './checkpoint-metrics.ts';
import { FollowChain } from './follow-chain.ts';
import { AllowanceHistory } from './history.ts';
import { StoredManifestChange } from './manifest-change.entity.ts';
import { ManifestSync } from './manifest-sync.ts';
import { MinerAnswer } from './miner-answer.entity.ts';
import { SpendingMetrics } from './spending-metrics.ts';
import { StakeSnapshot } from './stake-snapshot.entity.ts';
import { StoreManifests } from './store-manifests.ts';
import { TakeBlocks } from './take-blocks.ts';

/** What judging receipts takes. */
export const paidJobsProviders = [
  AllowanceHistory,
  ChainBlocks,
  SpendingMetrics,
  { provide: PaidJobs, useClass: AllowancePaidJobs },
];

/** What jobs are booked with, without anything that follows the chain by itself. */
export const bookingProviders = [
  ...paidJobsProviders,
  Allowance,
  AllowanceMetrics,
  AllowanceView,
  FollowChain,
  ManifestSync,
  StoreManifests,
  TakeBlocks,
];

/** What the validator's module provides of this room. */
export const allowanceProviders = [...bookingProviders, ChainSchedule, CheckpointMetrics];

/** The room's tables. */
export const allowanceEntities = [
  AllowanceBlock,
  StakeSnapshot,
  StoredManifestChange,
  MinerAnswer,
  StoredBooking,
];
