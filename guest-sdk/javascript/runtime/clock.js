// The global `performance`, which counts from the first use of this clock in an instance, for
// example by a timer. The engine's own object would count from the loading of the module, on the
// clock of the machine that built the plugin.

/** Returns milliseconds on the engine's monotonic clock. Only differences are meaningful. */
const ticks = performance.now.bind(performance);

/** The ticks and the wall-clock time at the instance's first use of this clock. */
let origin;

let loaded = false;

function fromOrigin() {
  origin ??= { ticks: ticks(), time: Date.now() };
  return origin;
}

/** Returns the milliseconds since the origin, from a monotonic clock. */
export function now() {
  const { ticks: start } = fromOrigin();
  return ticks() - start;
}

/** Marks the module as loaded and clears the origin, so that each instance gets its own. */
export function endLoading() {
  origin = undefined;
  loaded = true;
}

/**
 * Throws an Error while the module loads: a task that starts during loading would belong to no
 * call.
 */
export function checkLoaded(name) {
  if (loaded) return;
  throw new Error(`${name} is not available while the module loads: use it inside a service`);
}

/** Replaces the engine's `performance` object. */
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
