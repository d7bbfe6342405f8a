// The interfaces of the contract beside `cache` and `log`, each with the methods of the cache that
// need it. A component imports only those that its source uses: see `uses.js`.

export const INTERFACES = {
  atomics: ["setIfAbsent", "increment", "compareAndSwapRaw", "update", "take", "takeRaw"],
  lease: ["getOrSet"],
  batch: ["getMany", "setMany", "deleteMany"],
  entries: ["ttl", "expire", "keys", "deletePrefix"],
};
