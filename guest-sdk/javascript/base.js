// The main module of a base: see `quick.js`. The first request to a base has a plugin's script as
// its service name. The base loads the script and passes all later requests to that plugin. The
// build prepends the constant `modules`, which maps the names of the script's imports to modules.

let plugin;

export const handler = {
  services: () => plugin.services(),
  handle: (request) => (plugin === undefined ? load(request.service) : plugin.handle(request)),
};

function load(script) {
  globalThis.require = (name) => modules[name];
  try {
    // Indirect eval runs in the global scope, so that the script cannot see this module's
    // variables.
    (0, eval)(script);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw { kind: "internal", message: `module evaluation: ${said}\n${error?.stack}` };
  }
  plugin = globalThis.HOSTEL_PLUGIN;
  delete globalThis.HOSTEL_PLUGIN;
  delete globalThis.require;
  return { status: 204, contentType: undefined, headers: [], body: new Uint8Array() };
}
