// Makes the deadlines of AbortSignal.timeout known to fetch, in a plugin that uses both. For
// QuickJS.

import { noteDeadlines } from "../runtime/deadlines.js";
import { AbortSignal } from "./events.js";

noteDeadlines(AbortSignal);
