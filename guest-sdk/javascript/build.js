// Builds a component from a service in JavaScript or TypeScript:
//
//     node build.js --wit FOLDER --inputs FILE --esbuild FOLDER [--typescript FOLDER] \
//         --componentize-qjs FOLDER --whatwg-url FOLDER [--bases FOLDER --program FILE] | \
//         --componentize-js FOLDER  SOURCE OUT
//
// The build writes the paths of its inputs to the file of `--inputs`, one per line, even if the
// build fails, except after the timeout in `inQuickJs`. The inputs are files of the author that the
// build has read, mainly modules, and places where it has looked for missing files. The FOLDER of a
// tool contains the tool's node_modules. The engine is QuickJS with `--componentize-qjs`, and
// SpiderMonkey with `--componentize-js`.
//
// The build bundles all modules into one, with the SDK first, loads the bundle in the engine, and
// takes a snapshot of the loaded state as the component. With `--bases` the build is quick: see
// `quick.js`. The build prints errors in the source to stderr, with the author's file, line and
// column if they are known.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { adviceFor, notResolved } from "./advice.js";
import { clocksAmong, mentionedIn, provided } from "./provide.js";
import { LoadError, SCRIPT, TooLongError, loadOnBase } from "./quick.js";
import { advice } from "./runtime/advice.js";
import { placesOf } from "./runtime/map.js";
import { place } from "./runtime/places.js";
import { checkTypes, findConfig } from "./types.js";
import { functionsOf, importsOf, interfacesAmong, interfacesOf, partsOf } from "./uses.js";

const SDK = dirname(fileURLToPath(import.meta.url));

/**
 * The file name of the bundled module in stack traces, except after a quick build.
 * `runtime/places.js` expects the same name.
 */
const PLUGIN = "hostel-plugin.js";

/**
 * A module that takes longer to load is assumed to loop forever: by default, a host allows a whole
 * call only one second of processor time.
 */
const MAX_LOAD_SECONDS = 60;

const TOO_LONG = "the module did not load within a minute: does it end?";

/** Matches esbuild's message for a missing module. */
const NOT_RESOLVED = /^Could not resolve "(.*)"$/;

/**
 * Matches an error that the engine reports while the module loads. SpiderMonkey's message may begin
 * with a file, line and column.
 */
const LOAD_ERROR =
  /(?:module evaluation: |evaluating top-level script\n(?:\S+:\d+:\d+ )?)(?:Error: )?([^\n]*)/;

/**
 * For QuickJS, the bundler converts async functions to generators, which the SDK's own promises
 * drive. A service cannot wait for the engine's promises within a call.
 */
const OWN_PROMISES = { "async-await": false, "async-generator": false, "for-await": false };

/**
 * Maps `isQuick` to the beginning of the statement that exports the plugin. A quick build assigns
 * the plugin to a global that the base reads.
 */
const GIVES = { true: "globalThis.HOSTEL_PLUGIN =", false: "export const handler =" };

const engines = ["componentize-qjs", "whatwg-url", "componentize-js"];
const names = ["wit", "inputs", "esbuild", "typescript", "bases", "program", ...engines];
const { values: tools, positionals } = parseArgs({
  options: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
  allowPositionals: true,
});
const isQuickJs = tools["componentize-js"] === undefined;
let isQuick = tools.bases !== undefined;
const [source, out] = positionals.map((path) => resolve(path));
const work = join(dirname(out), "javascript");

/** The bundler's warnings. A set, because the bundler can run again and repeat its warnings. */
const warnings = new Set();

/** An error that the build prints without a stack trace, for example an error in the source. */
class SourceError extends Error {}

/**
 * Files that the build has read, mainly modules, and places where it has looked for a missing
 * module or tsconfig.json.
 */
const inputs = new Set([source]);

const note = (path) => void inputs.add(path);

/** Folders whose files belong to the build, not to the author. */
const OWN_FOLDERS = [SDK, work, tools["whatwg-url"], tools.typescript].filter(Boolean);
const isAuthors = (path) => !OWN_FOLDERS.some((folder) => path.startsWith(resolve(folder)));

try {
  mkdirSync(work, { recursive: true });
  const config = tools.typescript ? findConfig(source, compiler(), note) : undefined;
  const checked = tools.typescript ? typesAreRight(config) : undefined;
  // Bundle before awaiting the check: the bundler reports a syntax error in one line. Meanwhile
  // this handler marks a rejection of the check as handled; `await checked` still throws the error.
  checked?.catch(() => {});
  let built = await bundle(config);
  await checked;
  warnings.forEach((line) => process.stderr.write(`${line}\n`));
  if (!isQuick || !(await componentizeQuickly(built))) {
    if (isQuick) {
      isQuick = false;
      built = await bundle(config);
    }
    await componentize(built);
  }
} catch (error) {
  process.stderr.write(`${error instanceof SourceError ? error.message : error.stack}\n`);
  process.exitCode = 1;
} finally {
  writeFileSync(tools.inputs, [...inputs].filter(isAuthors).join("\n"));
}

function load(tool, name) {
  return createRequire(join(resolve(tool), "package.json"))(name);
}

/**
 * Converts a path inside the source's folder to a path relative to that folder. Returns other paths
 * unchanged.
 */
function shown(path) {
  const inside = relative(dirname(source), resolve(path));
  return inside.startsWith("..") ? path : inside;
}

/**
 * Bundles all modules into one script. Returns the result of `withMap`: the script, and the names
 * of the WIT interfaces that the script imports.
 */
async function bundle(config) {
  // The bundler finds a tsconfig.json by itself, but not the file of a referenced project.
  const options = config?.isReferenced ? { tsconfig: config.path } : {};
  const web = tools["whatwg-url"];
  const built = await bundled({ ...options, ...provided(web, work, []) }, []);
  const mentioned = mentionedIn(text(built, PLUGIN), isQuickJs);
  const { inputs } = built;
  const esbuild = load(tools.esbuild, "esbuild");
  const interfaces = await interfacesOf({ inputs, folder: dirname(source), isAuthors, esbuild });
  if (mentioned.length === 0 && interfaces.length === 0) return withMap(built);
  return withMap(await bundled({ ...options, ...provided(web, work, mentioned) }, interfaces));
}

async function bundled(options, interfaces) {
  const esbuild = load(tools.esbuild, "esbuild");
  const entry = `import { start } from ${JSON.stringify(join(SDK, "wit.js"))};
    ${importsOf(interfaces)}
    import * as plugin from ${JSON.stringify(source)};
    ${GIVES[isQuick]} start(plugin, ${functionsOf(interfaces)});`;
  const built = await esbuild
    .build({
      stdin: { contents: entry, resolveDir: dirname(source), sourcefile: "hostel" },
      absWorkingDir: dirname(source),
      outfile: PLUGIN,
      write: false,
      bundle: true,
      keepNames: true,
      // A smaller source text improves the locality of the engine's heap.
      minifyWhitespace: true,
      // In longer lines QuickJS computes wrong columns.
      lineLimit: 1000,
      format: isQuick ? "iife" : "esm",
      ...(isQuick && { banner: { js: '"use strict";' } }),
      metafile: true,
      // If a package has several variants, prefer one that needs neither Node nor a web page.
      platform: "browser",
      mainFields: ["browser", "module", "main"],
      conditions: ["module", "worker"],
      define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
      alias: {
        "hostel-sdk": join(SDK, "index.js"),
        "hostel-engine": join(SDK, "runtime", isQuickJs ? "quickjs.js" : "spidermonkey.js"),
      },
      external: ["hostel:*", "wasi:*"],
      target: "es2024",
      supported: isQuickJs ? OWN_PROMISES : {},
      ...options,
      plugins: [{ name: "inputs", setup: noteInputs }, partsOf(interfaces), ...options.plugins],
      charset: "utf8",
      sourcemap: "external",
      sourcesContent: false,
      logLevel: "silent",
    })
    .catch((error) => {
      error.errors?.forEach(noteMissing);
      throw error.errors ? new SourceError(error.errors.map(message).join("\n")) : error;
    });
  built.warnings.map(message).forEach((line) => warnings.add(line));
  const { inputs, outputs } = built.metafile;
  const made = Object.values(outputs).find(({ entryPoint }) => entryPoint);
  const names = new Set(made.imports.filter(({ external }) => external).map(({ path }) => path));
  const isIn = ([path]) => made.inputs[path]?.bytesInOutput > 0;
  return {
    files: built.outputFiles,
    imports: Array.from(names).sort(),
    inputs: Object.entries(inputs).filter(isIn),
  };
}

function text({ files }, ending) {
  return files.find(({ path }) => path.endsWith(ending)).text;
}

/** Records every module that the bundler reads. */
function noteInputs({ onLoad }) {
  onLoad({ filter: /.*/, namespace: "file" }, ({ path }) => note(path));
}

/** Records the folder where a missing module is expected: a change there causes a rebuild. */
function noteMissing({ location, text }) {
  const [, missing] = NOT_RESOLVED.exec(text) ?? [];
  if (missing === undefined || !location) return;
  const folder = dirname(resolve(dirname(source), location.file));
  inputs.add(/^[./]/.test(missing) ? dirname(resolve(folder, missing)) : join(folder, "node_modules"));
}

/**
 * Formats a message of esbuild on one line, with its place if there is one. Replaces the text about
 * a missing module, a native extension or a top-level await with advice.
 */
function message({ location, text }) {
  const where = location ? `${shown(location.file)}:${location.line}:${location.column + 1}: ` : "";
  const [, missing] = NOT_RESOLVED.exec(text) ?? [];
  if (missing !== undefined) return `${where}${notResolved(missing, isQuickJs)}`;
  if (/^No loader is configured for "\.node"/.test(text)) {
    return `${where}a native extension cannot run in WebAssembly: use a package of pure JavaScript`;
  }
  if (text.startsWith("Top-level await")) {
    return `${where}a module cannot await while it loads: await in a service`;
  }
  return `${where}${text}`;
}

/**
 * Appends two statements to the module: they set one global to the source map of the author's
 * files, and one to the advice about the module's names. Also sets both globals in this process,
 * for `loadError`.
 */
function withMap(built) {
  const named = (path) => {
    const file = resolve(dirname(source), path);
    return path !== "hostel" && isAuthors(file) ? shown(file) : undefined;
  };
  const module = text(built, PLUGIN);
  const map = placesOf(JSON.parse(text(built, ".map")), module, named);
  globalThis.HOSTEL_PLACES = isQuick ? { ...map, file: SCRIPT } : map;
  globalThis.HOSTEL_ADVICE = adviceFor(module, isQuickJs);
  const left = ["HOSTEL_PLACES", "HOSTEL_ADVICE"].map(
    (name) => `globalThis.${name} = ${JSON.stringify(globalThis[name])};\n`,
  );
  return { script: `${module}\n${left.join("")}`, imports: built.imports };
}

function compiler() {
  const { bin } = load(tools.typescript, "typescript/package.json");
  return join(resolve(tools.typescript), "node_modules", "typescript", bin.tsc);
}

/**
 * Type-checks the source and its imports with TypeScript. The returned promise is rejected with a
 * SourceError if there are type errors.
 */
function typesAreRight(own) {
  const fail = (why) => new SourceError(why);
  return checkTypes({ source, own, compiler: compiler(), sdk: SDK, work, isQuickJs, fail, note });
}

/**
 * Loads the script into a base and writes the component. Returns false if the snapshot fails for a
 * reason other than the script, and throws a SourceError if the script fails.
 */
async function componentizeQuickly({ script, imports }) {
  const { bases, program } = tools;
  const make = async (module) => {
    const path = join(work, "base.js");
    writeFileSync(path, module);
    return (await inQuickJs(module, path, imports)).component;
  };
  try {
    const seconds = MAX_LOAD_SECONDS;
    return await loadOnBase({ script, imports, out, bases, program, seconds, make });
  } catch (error) {
    if (error instanceof TooLongError) throw new SourceError(`${shown(source)}: ${TOO_LONG}`);
    throw error instanceof LoadError ? new SourceError(loadError(error.message)) : error;
  }
}

/** Loads the module in the engine and writes the component. */
async function componentize({ script, imports }) {
  const path = join(work, PLUGIN);
  writeFileSync(path, script);
  try {
    const { component } = await (isQuickJs
      ? inQuickJs(script, path, imports)
      : inSpiderMonkey(path, imports));
    writeFileSync(out, component);
  } catch (error) {
    throw new SourceError(loadError(String(error.message)));
  }
}

async function inQuickJs(jsSource, jsPath, imports) {
  const engine = load(tools["componentize-qjs"], "componentize-qjs");
  const late = setTimeout(() => {
    process.stderr.write(`${shown(source)}: ${TOO_LONG}\n`);
    process.exit(1);
  }, MAX_LOAD_SECONDS * 1000);
  try {
    const witPath = world(imports);
    const options = { witPath, jsSource, jsPath, moduleRoot: work, sync: true };
    return await engine.componentize(options);
  } finally {
    clearTimeout(late);
  }
}

async function inSpiderMonkey(sourcePath, imports) {
  const packages = join(resolve(tools["componentize-js"]), "node_modules", "@bytecodealliance");
  const imported = (file) => import(pathToFileURL(join(packages, file)));
  const engine = await imported("componentize-js/src/componentize.js");
  const { default: wizer } = await imported("wizer/index.js");
  const witPath = world(imports);
  // Paths in stack traces of the engine are relative to the working directory.
  process.chdir(work);
  return engine.componentize({
    sourcePath,
    witPath,
    wizerBin: limited(wizer),
    // These features need wasi:http, which hosts do not provide. Services use `web/fetch.js`.
    disableFeatures: ["http", "fetch-event"],
  });
}

/**
 * Writes a shell script that runs the program with a limit on its CPU time. Returns the script's
 * path. This process waits for the program synchronously, so a timer could not end the program.
 */
function limited(program) {
  const file = join(work, "limited");
  const quoted = `'${program.replaceAll("'", "'\\''")}'`;
  const script = `#!/bin/sh\nulimit -t ${MAX_LOAD_SECONDS}\nexec ${quoted} "$@"\n`;
  writeFileSync(file, script, { mode: 0o755 });
  return file;
}

/**
 * Writes a folder with the WIT of the plugin's world, and the dependencies in `deps`. Adds the
 * optional interfaces and the clocks among `imports` to the world. Returns the folder.
 */
function world(imports) {
  const made = join(work, "wit");
  const deps = join(made, "deps");
  cpSync(join(SDK, "wit"), made, { recursive: true });
  cpSync(join(tools.wit, "deps"), deps, { recursive: true });
  cpSync(tools.wit, join(deps, "hostel-service"), {
    recursive: true,
    filter: (path) => resolve(path) !== resolve(tools.wit, "deps"),
  });
  const more = [...interfacesAmong(imports), ...clocksAmong(imports, deps)];
  const file = join(made, "world.wit");
  const lines = more.map((name) => `    import ${name};\n`);
  writeFileSync(file, readFileSync(file, "utf8").replace(/\}\s*$/, `${lines.join("")}}\n`));
  return made;
}

/**
 * Converts the output of a failed load to an error message. For an error that the module throws,
 * the message begins with the error's innermost place in the author's files, or else with the
 * source's path, and ends with advice if there is any. Returns unknown output without surrounding
 * white space.
 */
function loadError(words) {
  if (words.includes("Process was killed by signal")) return `${shown(source)}: ${TOO_LONG}`;
  const [, said] = LOAD_ERROR.exec(words) ?? [];
  if (said === undefined) return words.trim();
  const where = words.split("\n").map(place).find(Boolean);
  return `${where ?? shown(source)}: ${said}${advice(said, isQuickJs)}`;
}
