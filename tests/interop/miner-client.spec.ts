import { minerClientChecks } from './checks/miner-client.ts';
import { withEachGeneration } from './each-generation.ts';

await withEachGeneration('client of miners and our miner', minerClientChecks);
