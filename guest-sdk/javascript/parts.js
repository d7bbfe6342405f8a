// The optional methods of the cache. A plugin gets only the parts whose methods the build finds in
// its source: see `uses.js`.

import { Atomics } from "./atomics.js";
import { Batch } from "./batch.js";
import { Entries } from "./entries.js";
import { Lease } from "./lease.js";

export const PARTS = [Atomics, Lease, Batch, Entries];
