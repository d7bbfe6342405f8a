// `performance`, counted from when an instance first asks. The engine counts from when it loaded
// the module, which is in the build: its clock there is another than that of an instance.

/** The engine's milliseconds, of which only differences mean anything. */
const ticks = performance.now.bind(performance);

/** The ticks at the origin and the time then; undefined before the instance has asked. */
let origin;

let loaded = false;

function fromOrigin() {
  origin ??= { ticks: ticks(), time: Date.now() };
  return origin;
}

/** Milliseconds on a clock that is never set back. */
export function now() {
  const { ticks: start } = fromOrigin();
  return ticks() - start;
}

/** Ends the loading: the origin of an instance is its own. */
export function endLoading() {
  origin = undefined;
  loaded = true;
}

/** Throws while the module loads: what is begun then belongs to no call. */
export function checkLoaded(name) {
  if (loaded) return;
  throw new Error(`${name} while the module loads belongs to no call: use it inside a service`);
}

/** Puts one in the place of the engine's, whose properties stay what they are. */
export function install() {
  const value = {
    now,
    get timeOrigin() {
      return fromOrigin().time;
    },
    toJSON: () => ({ timeOrigin: fromOrigin().time }),
  };
  const property = { value, configurable: true, writable: true };
  Object.defineProperty(globalThis, "performance", property);
}
