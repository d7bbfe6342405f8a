// The optional methods of the cache. The build omits the parts that a plugin does not use.

import { Atomics } from "./atomics.js";
import { Batch } from "./batch.js";
import { Entries } from "./entries.js";
import { Lease } from "./lease.js";

export const PARTS = [Atomics, Lease, Batch, Entries];
