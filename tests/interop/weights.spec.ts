import { weightChecks } from './checks/weights.ts';
import { withEachGeneration } from './each-generation.ts';

await withEachGeneration('weights, which ours are to equal,', weightChecks);
