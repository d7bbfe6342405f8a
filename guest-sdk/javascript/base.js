// The plugin of a base, which a quick build begins with: it loads a plugin's script when it is first
// called, and is that plugin from then on. The build puts in front of it the modules that the script
// imports, as `modules`.

let plugin;

export const handler = {
  services: () => plugin.services(),
  handle: (request) => (plugin === undefined ? load(request.service) : plugin.handle(request)),
};

function load(script) {
  globalThis.require = (name) => modules[name];
  try {
    // Not within this function, so that the script sees nothing of this module.
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
