// Lets fetch know when the signals of AbortSignal.timeout end, in a plugin that has both. For
// QuickJS.

import { noteDeadlines } from "../runtime/deadlines.js";
import { AbortSignal } from "./events.js";

noteDeadlines(AbortSignal);
