// Expiry of entries, and operations on all keys with a common prefix.

import { checkKey, noKey, wholeSeconds } from "./arguments.js";
import { ask } from "./host.js";

export class Entries {
  ttl(key) {
    checkKey(key);
    const left = ask("ttl", key);
    if (left.tag === "missing") return undefined;
    return left.tag === "unlimited" ? Infinity : left.val;
  }

  expire(key, expiry) {
    checkKey(key);
    const isUnlimited = expiry === "unlimited";
    const seconds = isUnlimited ? undefined : wholeSeconds(expiry, "expiry", ', or "unlimited"');
    return ask("expire", key, seconds);
  }

  keys(prefix) {
    checkPrefix(prefix);
    return walk(prefix);
  }

  deletePrefix(prefix) {
    checkPrefix(prefix);
    let removed = 0;
    let cursor;
    do {
      const [count, next] = ask("deletePrefix", prefix, cursor);
      removed += count;
      cursor = next ?? undefined;
    } while (cursor !== undefined);
    return removed;
  }
}

function* walk(prefix) {
  let cursor;
  do {
    const page = ask("keys", prefix, cursor);
    yield* page.keys;
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
}

/** Refuses an invalid prefix: a missing argument must not match every key. */
function checkPrefix(prefix) {
  if (typeof prefix !== "string" || !prefix.isWellFormed()) throw noKey(prefix, "prefix");
}
