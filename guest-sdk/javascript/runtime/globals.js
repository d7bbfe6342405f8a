// What every JavaScript has and QuickJS has not, or not as a service needs it. Evaluated before
// any other module of a plugin.

import { install as installConsole } from "./console.js";
import { install as installPromise } from "./promise.js";
import { install as installRandom } from "./random.js";
import { install as installText } from "./text.js";

installText();
installPromise();
installRandom();
installConsole();
