// Reads and changes the profiles that `writer.py` stores in the same cache.

import { Failure, cache } from "hostel-sdk";

function read(request) {
  const id = request.pathInteger("id");
  const profile = cache.get(`profile:${id}`);
  if (profile === undefined) throw noProfile(id);
  return profile;
}
read.description = "Returns a profile.";

function change(request) {
  const id = request.pathInteger("id");
  const { tag } = request.json() ?? {};
  if (typeof tag !== "string") throw Failure.badRequest("the tag must be a string");
  return cache.update(`profile:${id}`, (profile) => {
    if (profile === undefined) throw noProfile(id);
    return { ...profile, points: profile.points + 1, tags: [...profile.tags, tag] };
  });
}
change.description = "Adds a tag to a profile, and a point for it.";

function noProfile(id) {
  return Failure.notFound(`no profile ${id}`);
}

export default { read, change };
