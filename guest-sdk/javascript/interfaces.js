// The optional cache interfaces of `wit/`. A component imports only those that its source uses: see
// `uses.js`.

/** The interfaces, each with the methods that need it. */
export const INTERFACES = {
  atomics: ["setIfAbsent", "increment", "compareAndSwapRaw", "update", "take", "takeRaw"],
  lease: ["getOrSet"],
  batch: ["getMany", "setMany", "deleteMany"],
  entries: ["ttl", "expire", "keys", "deletePrefix"],
};
