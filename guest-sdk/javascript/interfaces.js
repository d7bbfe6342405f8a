// The optional interfaces of the WIT package `hostel:cache`. A component imports only those whose
// methods the build finds in the source: see `uses.js`.

/** The interfaces, each with the methods that need it. */
export const INTERFACES = {
  atomics: ["setIfAbsent", "increment", "compareAndSwapRaw", "update", "take", "takeRaw"],
  lease: ["getOrSet"],
  batch: ["getMany", "setMany", "deleteMany"],
  entries: ["ttl", "expire", "keys", "deletePrefix"],
};
