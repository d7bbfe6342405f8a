// The methods of the cache beside those that every plugin has. In a plugin the build leaves out the
// parts that it does not use.

import { Atomics } from "./atomics.js";
import { Batch } from "./batch.js";
import { Entries } from "./entries.js";
import { Lease } from "./lease.js";

export const PARTS = [Atomics, Lease, Batch, Entries];
