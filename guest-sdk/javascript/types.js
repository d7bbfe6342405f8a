// Type-checks a source and its imports with TypeScript, using the author's tsconfig.json. Used only
// in a build.
//
// The compiler accepts either a project or files. So the build creates its own project, which
// extends the author's and replaces some settings, for example those about output and modules.
// Messages never name the build's project.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";

import { adviceOn } from "./advice.js";

const CONFIG = "tsconfig.json";

/** Output settings, which the check does not need. Some conflict with `noEmit`. */
const OUTPUT = [
  ...["declaration", "declarationDir", "declarationMap", "emitDeclarationOnly", "importHelpers"],
  ...["isolatedDeclarations", "outDir", "outFile", "rootDir", "tsBuildInfoFile"],
];

/** The settings of a service without a tsconfig.json. */
const DEFAULTS = {
  ...{ strict: true, target: "es2024", lib: ["es2024"], allowImportingTsExtensions: true },
  ...{ module: "preserve", moduleResolution: "bundler" },
};

/** The declarations of a browser's APIs. SpiderMonkey has most of the APIs that need no page. */
const DOM = ["dom", "dom.iterable"];

/** Settings of older projects that this compiler refuses and the bundler does not need. */
const REMOVED = ["downlevelIteration", "ignoreDeprecations"];
const ALWAYS_TRUE = ["allowSyntheticDefaultImports", "alwaysStrict", "esModuleInterop"];
const OLD_TARGETS = ["es3", "es5"];

/**
 * Checks the source with the author's settings, `own`. If the compiler reports errors, the promise
 * is rejected with `fail(lines)`, where `lines` are the messages with advice. If the compiler
 * cannot be started, the promise is rejected with that error.
 *
 * `sdk` is the SDK's folder, and `work` is a folder for the build's project. The function calls
 * `note` with each file that the compiler reads.
 */
export function checkTypes({ source, own, compiler, sdk, work, isQuickJs, fail, note }) {
  const folder = dirname(source);
  const linked = existsSync(join(folder, "node_modules", "hostel-sdk"));
  const options = {
    ...(own === undefined ? DEFAULTS : overrides(own)),
    ...{ noEmit: true, incremental: false, composite: false },
  };
  options.types = own === undefined ? [] : installed(own.options.types ?? [], dirname(own.path));
  if (!linked) {
    options.paths = { ...(own && pathsOf(own)), "hostel-sdk": [join(sdk, "index.d.ts")] };
  }
  const files = [source];
  // Add the SDK's declarations only without browser declarations: both declare the same names.
  if (!hasDom(own) && isQuickJs) files.push(join(sdk, "globals.d.ts"));
  else if (!hasDom(own)) options.lib = [...(own?.options.lib ?? DEFAULTS.lib), ...DOM];
  const project = join(work, CONFIG);
  const config = { compilerOptions: options, include: [], references: [], files };
  writeFileSync(project, JSON.stringify({ ...config, extends: own?.path }));
  const running = spawn(...tsc(compiler, "--project", project, "--listFiles"), { cwd: folder });
  let words = "";
  running.stdout.on("data", (chunk) => (words += chunk));
  running.stderr.on("data", (chunk) => (words += chunk));
  return new Promise((done, failed) => {
    running.on("error", failed);
    running.on("close", (code) => {
      const lines = words.split("\n");
      const read = lines.filter((line) => isAbsolute(line) && existsSync(line));
      read.forEach(note);
      const errors = lines.filter((line) => !read.includes(line)).join("\n");
      if (code === 0) done();
      else failed(fail(advised(located(errors, project, own?.path ?? source, folder), isQuickJs)));
    });
  });
}

const tsc = (compiler, ...given) => [process.execPath, [compiler, ...given, "--pretty", "false"]];

/**
 * Finds the tsconfig.json next to the source or in a parent folder, as the bundler does, or the
 * referenced project that includes the source. Returns the settings of the found project, including
 * inherited ones. Returns undefined if there is no tsconfig.json.
 */
export function findConfig(source, compiler, note) {
  const read = (path) => {
    noteConfigurations(path, note);
    return shownConfig(path, compiler);
  };
  let above = dirname(source);
  while (!existsSync(join(above, CONFIG))) {
    note(join(above, CONFIG));
    if (dirname(above) === above) return undefined;
    above = dirname(above);
  }
  const found = read(join(above, CONFIG));
  const has = ({ path, files }) => files.some((file) => resolve(dirname(path), file) === source);
  if (has(found)) return found;
  const projects = found.references.map(({ path }) => {
    const project = resolve(above, path);
    return project.endsWith(".json") ? project : join(project, CONFIG);
  });
  const referenced = projects.filter((project) => existsSync(project)).map(read).find(has);
  return referenced === undefined ? found : { ...referenced, isReferenced: true };
}

/**
 * Records the configuration file of a project. If the file extends one other file by a relative
 * path, also records that file, and so on. Ignores an array in `extends`.
 */
function noteConfigurations(file, note, seen = new Set()) {
  note(file);
  seen.add(file);
  const [, extended] = existsSync(file)
    ? (/"extends"\s*:\s*"(\.[^"]*)"/.exec(readFileSync(file, "utf8")) ?? [])
    : [];
  if (extended === undefined) return;
  const path = resolve(dirname(file), extended);
  const next = path.endsWith(".json") ? path : `${path}.json`;
  if (!seen.has(next)) noteConfigurations(next, note, seen);
}

/** Returns the resolved settings of a project. They are empty if the project is invalid. */
function shownConfig(path, compiler) {
  const asked = tsc(compiler, "--project", path, "--showConfig");
  const { stdout } = spawnSync(...asked, { encoding: "utf8" });
  let shown = {};
  try {
    shown = JSON.parse(stdout);
  } catch {
    // Ignore the error: the check reports it.
  }
  const { compilerOptions: options = {}, files = [], references = [] } = shown;
  return { path, options, files, references };
}

/** Returns the settings that replace the author's settings in the check. */
function overrides({ path, options }) {
  const never = [...OUTPUT, ...REMOVED, ...ALWAYS_TRUE.filter((name) => options[name] === false)];
  const changed = Object.fromEntries(never.map((name) => [name, null]));
  const { target = "es5" } = options;
  if (OLD_TARGETS.includes(target.toLowerCase())) changed.target = "es2024";
  // Use the bundler's module resolution, whatever the project uses elsewhere.
  Object.assign(changed, { module: "preserve", moduleResolution: "bundler" });
  changed.skipLibCheck = options.skipLibCheck ?? true;
  changed.allowImportingTsExtensions = true;
  if (options.baseUrl !== undefined) {
    changed.baseUrl = null;
    changed.paths = pathsOf({ path, options });
  }
  return changed;
}

/** Returns the author's `paths` as absolute paths, plus the entry that `baseUrl` implies. */
function pathsOf({ path, options: { baseUrl, paths = {} } }) {
  const base = resolve(dirname(path), baseUrl ?? ".");
  const absolute = ([name, places]) => [name, places.map((place) => resolve(base, place))];
  const found = Object.fromEntries(Object.entries(paths).map(absolute));
  return baseUrl === undefined ? found : { "*": [join(base, "*")], ...found };
}

/**
 * Returns the entries of `types` that are paths or installed packages. Packages that are needed
 * only for tests, for example, may be missing. Excludes Node's types, which declare names that
 * services do not have.
 */
function installed(types, folder) {
  const isThere = (name, above) =>
    ["node_modules", "node_modules/@types"].some((place) => existsSync(join(above, place, name))) ||
    (dirname(above) !== above && isThere(name, dirname(above)));
  return types
    .filter((name) => name !== "node" && (/^[./]/.test(name) || isThere(name, folder)))
    .map((name) => (name.startsWith(".") ? resolve(folder, name) : name));
}

/**
 * Returns true if the project includes the declarations of browsers or web workers. TypeScript
 * includes the declarations of browsers by default.
 */
function hasDom(own) {
  const lib = own === undefined ? DEFAULTS.lib : own.options.lib;
  return lib === undefined || lib.some((name) => /^(dom|webworker)$/i.test(name));
}

/**
 * Replaces the build's project with the author's in the compiler's messages, and writes places as
 * FILE:LINE:COLUMN.
 */
function located(words, project, own, folder) {
  const [mine, authors] = [project, own].map((path) => relative(folder, path));
  return words
    .trim()
    .replace(/^(.+)\((\d+),(\d+)\): error/gm, "$1:$2:$3: error")
    .replace(/^(.+?):\d+:\d+: error/gm, (all, file) => (file === mine ? `${authors}: error` : all))
    .replaceAll(project, authors)
    .replaceAll(mine, authors)
    .replace(/^error/gm, `${authors}: error`);
}

/**
 * Replaces the compiler's hints about names that services do not have with advice: declaring such a
 * name would not help.
 */
function advised(words, isQuickJs) {
  return words.replace(/Cannot find name '([\w$]+)'\..*/g, (all, name) => {
    const advice = adviceOn(name, isQuickJs);
    return advice === undefined ? all : `Cannot find name '${name}': ${advice}`;
  });
}
