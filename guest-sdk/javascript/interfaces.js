// The interfaces of the contract beside `cache` and `log`. A component imports only those that its
// source uses: see `uses.js`.

/** Those of the cache, each with the methods that need it. */
export const INTERFACES = {
  atomics: ["setIfAbsent", "increment", "compareAndSwapRaw", "update", "take", "takeRaw"],
  lease: ["getOrSet"],
  batch: ["getMany", "setMany", "deleteMany"],
  entries: ["ttl", "expire", "keys", "deletePrefix"],
};
