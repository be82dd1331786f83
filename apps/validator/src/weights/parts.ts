import { CycleInputsReader } from './cycle-inputs.ts';
import { MainHotkeyBook } from './main-hotkeys.ts';
import { WeightSetting } from './weight-setting.ts';
import { WeightsMetrics } from './weights-metrics.ts';
import { WeightsStore } from './weights-store.ts';

/** What computes weights and hands them in, for the service and for its commands. */
export const weightParts = [CycleInputsReader, MainHotkeyBook, WeightSetting, WeightsMetrics, WeightsStore];
