// The optional interfaces of the WIT package `hostel:cache`. A component imports only the
// interfaces that its source uses: see `uses.js`.

/** The interfaces, each with the methods that need it. */
export const INTERFACES = {
  atomics: ["setIfAbsent", "increment", "compareAndSwapRaw", "update", "take", "takeRaw"],
  lease: ["getOrSet"],
  batch: ["getMany", "setMany", "deleteMany"],
  entries: ["ttl", "expire", "keys", "deletePrefix"],
};
