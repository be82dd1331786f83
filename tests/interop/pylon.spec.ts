import { pylonChecks } from './checks/pylon.ts';
import { withEachGeneration } from './each-generation.ts';

await withEachGeneration('client of Pylon, on our devnet', pylonChecks);
