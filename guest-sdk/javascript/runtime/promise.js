// Promises that a service can wait for. The engine runs the reactions of its own promises only
// after a call has returned, which is too late for the response; `runJobs` runs the reactions of
// the promises of this class. The build converts `async` functions to generators that use the
// global Promise, which is this class.

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

/** The reactions to run next, in order. */
const jobs = [];

/** The rejected promises without a handler. */
const unhandled = new Set();

class HostelPromise {
  #state = PENDING;
  #value;
  #reactions = [];

  constructor(executor) {
    if (typeof executor !== "function") throw new TypeError("Promise needs a function");
    const { resolve, reject } = this.#resolvers();
    try {
      executor(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  then(onFulfilled, onRejected) {
    const { promise, resolve, reject } = HostelPromise.withResolvers();
    const reaction = () => {
      const handler = this.#state === FULFILLED ? onFulfilled : onRejected;
      if (typeof handler !== "function") {
        return this.#state === FULFILLED ? resolve(this.#value) : reject(this.#value);
      }
      try {
        resolve(handler(this.#value));
      } catch (error) {
        reject(error);
      }
    };
    unhandled.delete(this);
    if (this.#state === PENDING) this.#reactions.push(reaction);
    else jobs.push(reaction);
    this.#reactions.handled = true;
    return promise;
  }

  catch(onRejected) {
    return this.then(undefined, onRejected);
  }

  finally(onFinally) {
    if (typeof onFinally !== "function") return this.then(onFinally, onFinally);
    return this.then(
      (value) => HostelPromise.resolve(onFinally()).then(() => value),
      (error) => HostelPromise.resolve(onFinally()).then(() => HostelPromise.reject(error)),
    );
  }

  /** Returns the resolve and reject functions. A call of one disables both. */
  #resolvers() {
    let called = false;
    const once = (act) => (value) => {
      if (!called) act(value);
      called = true;
    };
    return {
      resolve: once((value) => this.#resolve(value)),
      reject: once((error) => this.#settle(REJECTED, error)),
    };
  }

  #resolve(value) {
    if (value === this) return this.#settle(REJECTED, new TypeError("a promise waits for itself"));
    let then;
    try {
      then = typeof value === "object" || typeof value === "function" ? value?.then : undefined;
    } catch (error) {
      return this.#settle(REJECTED, error);
    }
    if (typeof then !== "function") return this.#settle(FULFILLED, value);
    jobs.push(() => {
      const { resolve, reject } = this.#resolvers();
      try {
        then.call(value, resolve, reject);
      } catch (error) {
        reject(error);
      }
    });
  }

  #settle(state, value) {
    this.#state = state;
    this.#value = value;
    if (state === REJECTED && !this.#reactions.handled) unhandled.add(this);
    jobs.push(...this.#reactions);
    this.#reactions = { handled: this.#reactions.handled };
  }

  /** Returns the errors of the promises in `unhandled`, and removes these promises. */
  static takeUnhandled() {
    const errors = Array.from(unhandled, (promise) => promise.#value);
    unhandled.clear();
    return errors;
  }

  static resolve(value) {
    return value instanceof HostelPromise ? value : new HostelPromise((resolve) => resolve(value));
  }

  static reject(error) {
    return new HostelPromise((_, reject) => reject(error));
  }

  static withResolvers() {
    const made = {};
    made.promise = new HostelPromise((resolve, reject) => Object.assign(made, { resolve, reject }));
    return made;
  }

  static try(act, ...args) {
    return new HostelPromise((resolve) => resolve(act(...args)));
  }

  static all(promises) {
    return collect(promises, (add, fail) => [add, fail], (values) => values);
  }

  static allSettled(promises) {
    const both = (add) => [
      (value) => add({ status: "fulfilled", value }),
      (reason) => add({ status: "rejected", reason }),
    ];
    return collect(promises, both, (values) => values);
  }

  static any(promises) {
    return new HostelPromise((resolve, reject) => {
      const swapped = collect(promises, (add) => [resolve, add], (errors) => errors);
      swapped.then((errors) => reject(new AggregateError(errors, "all promises were rejected")));
    });
  }

  static race(promises) {
    return new HostelPromise((resolve, reject) => {
      for (const promise of promises) HostelPromise.resolve(promise).then(resolve, reject);
    });
  }

  get [Symbol.toStringTag]() {
    return "Promise";
  }
}

/**
 * Returns a promise that is fulfilled with `finish(results)` when each of `promises` has added a
 * result. `handlers(add, reject)` returns the two reactions of one promise.
 */
function collect(promises, handlers, finish) {
  return new HostelPromise((resolve, reject) => {
    const results = [];
    let missing = 1;
    const done = () => --missing === 0 && resolve(finish(results));
    let at = 0;
    for (const promise of promises) {
      const place = at++;
      missing++;
      const add = (result) => {
        results[place] = result;
        done();
      };
      HostelPromise.resolve(promise).then(...handlers(add, reject));
    }
    done();
  });
}

const { takeUnhandled } = HostelPromise;
delete HostelPromise.takeUnhandled;
Object.defineProperty(HostelPromise, "name", { value: "Promise" });

/** Replaces the engine's Promise and `queueMicrotask`. */
export function install() {
  const configurable = true;
  const writable = true;
  Object.defineProperty(globalThis, "Promise", { value: HostelPromise, configurable, writable });
  const queueMicrotask = (job) => void HostelPromise.resolve().then(job);
  Object.defineProperty(globalThis, "queueMicrotask", {
    value: queueMicrotask,
    configurable,
    writable,
  });
}

/** Runs reactions until none are left, then passes unhandled errors to `rejected`. */
export function runJobs(rejected) {
  for (let next = 0; next < jobs.length; next++) jobs[next]();
  jobs.length = 0;
  if (unhandled.size > 0) takeUnhandled().forEach(rejected);
}
