// Runs TypeScript's check over what a source imports, with the settings of the author's own
// tsconfig.json. Only in a build.
//
// The compiler takes either a project or files. So a project of the build's own extends the
// author's, replaces what concerns other files or output, and is never named in a message.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";

import { adviceOn } from "./advice.js";

const CONFIG = "tsconfig.json";

/** Settings about output, which the check has none of; some clash with `noEmit`. */
const OUTPUT = [
  ...["declaration", "declarationDir", "declarationMap", "emitDeclarationOnly", "importHelpers"],
  ...["isolatedDeclarations", "outDir", "outFile", "rootDir", "tsBuildInfoFile"],
];

/** Without a tsconfig.json. */
const DEFAULTS = {
  ...{ strict: true, target: "es2024", lib: ["es2024"], allowImportingTsExtensions: true },
  ...{ module: "preserve", moduleResolution: "bundler" },
};

/** What SpiderMonkey has is most of this. */
const DOM = ["dom", "dom.iterable"];

/** Settings of older projects that this compiler refuses, and that the bundler needs none of. */
const REMOVED = ["downlevelIteration", "ignoreDeprecations"];
const ALWAYS_TRUE = ["allowSyntheticDefaultImports", "alwaysStrict", "esModuleInterop"];
const OLD_TARGETS = ["es3", "es5"];

/**
 * Checks the source by the `own` settings; the promise is rejected with `fail` of the compiler's
 * lines.
 *
 * `sdk` is the SDK's folder; `work` is one for the project of the build's own; `note` is told of
 * each file that is read.
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
  // A browser's declarations have all that a service on QuickJS has, and would clash with ours.
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
      const told = lines.filter((line) => !read.includes(line)).join("\n");
      if (code === 0) done();
      else failed(fail(advised(located(told, project, own?.path ?? source, folder), isQuickJs)));
    });
  });
}

const tsc = (compiler, ...given) => [process.execPath, [compiler, ...given, "--pretty", "false"]];

/**
 * The tsconfig.json next to the source or above it, as the bundler finds it; or that of its
 * references of which the source is a file. What it comes to with all that it extends.
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

/** Takes note of a project's settings, and of those that they extend. */
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

/** Nothing of one that is invalid. */
function shownConfig(path, compiler) {
  const asked = tsc(compiler, "--project", path, "--showConfig");
  const { stdout } = spawnSync(...asked, { encoding: "utf8" });
  let shown = {};
  try {
    shown = JSON.parse(stdout);
  } catch {
    // The check names the error.
  }
  const { compilerOptions: options = {}, files = [], references = [] } = shown;
  return { path, options, files, references };
}

/** What the check sets in the place of the author's settings. */
function overrides({ path, options }) {
  const never = [...OUTPUT, ...REMOVED, ...ALWAYS_TRUE.filter((name) => options[name] === false)];
  const changed = Object.fromEntries(never.map((name) => [name, null]));
  const { target = "es5" } = options;
  if (OLD_TARGETS.includes(target.toLowerCase())) changed.target = "es2024";
  // The bundler's own, whatever runs the project elsewhere.
  Object.assign(changed, { module: "preserve", moduleResolution: "bundler" });
  changed.skipLibCheck = options.skipLibCheck ?? true;
  changed.allowImportingTsExtensions = true;
  if (options.baseUrl !== undefined) {
    changed.baseUrl = null;
    changed.paths = pathsOf({ path, options });
  }
  return changed;
}

/** The author's `paths` seen from anywhere, and what `baseUrl` adds to them. */
function pathsOf({ path, options: { baseUrl, paths = {} } }) {
  const base = resolve(dirname(path), baseUrl ?? ".");
  const absolute = ([name, places]) => [name, places.map((place) => resolve(base, place))];
  const found = Object.fromEntries(Object.entries(paths).map(absolute));
  return baseUrl === undefined ? found : { "*": [join(base, "*")], ...found };
}

/**
 * The packages of `types` that are there: a test's, say, are not before `npm install`. Those of
 * Node declare what no service has.
 */
function installed(types, folder) {
  const isThere = (name, above) =>
    ["node_modules", "node_modules/@types"].some((place) => existsSync(join(above, place, name))) ||
    (dirname(above) !== above && isThere(name, dirname(above)));
  return types
    .filter((name) => name !== "node" && (/^[./]/.test(name) || isThere(name, folder)))
    .map((name) => (name.startsWith(".") ? resolve(folder, name) : name));
}

/** Whether the declarations of a browser are there, as they are when no others are asked for. */
function hasDom(own) {
  const lib = own === undefined ? DEFAULTS.lib : own.options.lib;
  return lib === undefined || lib.some((name) => /^(dom|webworker)$/i.test(name));
}

/** The compiler's lines with the place in the form that all others have, in the author's files. */
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

/** The lines with what to do about a name that no service has: declaring it would not help. */
function advised(words, isQuickJs) {
  return words.replace(/Cannot find name '([\w$]+)'\..*/g, (all, name) => {
    const advice = adviceOn(name, isQuickJs);
    return advice === undefined ? all : `Cannot find name '${name}': ${advice}`;
  });
}
