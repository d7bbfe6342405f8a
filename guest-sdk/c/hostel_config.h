/* The plugin's settings and secrets. The operator sets them in the host's configuration, under
 * `[plugins.NAME.config]` and `[plugins.NAME.secrets]`, or with the options `--config NAME=VALUE`
 * and `--secret NAME=env:VARIABLE` (or `NAME=file:PATH`) of `hostel run`. The values do not change
 * while a version of the plugin is loaded. Part of <hostel.h>, which documents the ownership of
 * memory.
 */
#ifndef HOSTEL_CONFIG_H
#define HOSTEL_CONFIG_H

#ifndef HOSTEL_H
#error "include <hostel.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The value of the setting or secret of that name, which belongs to `ctx`, with a NUL after its
 * last byte. `ptr` is NULL if there is no such setting or secret. */
hostel_str hostel_config_get(hostel_ctx *ctx, const char *name);

/* Reads the value of the setting or secret of that name, as hostel_config_get does. Returns
 * HOSTEL_INTERNAL if there is no such setting or secret; the message then names the tables of the
 * configuration that can define it. */
HOSTEL_MUST_USE hostel_result hostel_config_require(hostel_ctx *ctx, const char *name,
                                                    hostel_str *value);

/* Points `*names` to the names of all settings and secrets, sorted, and returns their number. The
 * names belong to `ctx`. */
size_t hostel_config_names(hostel_ctx *ctx, const hostel_str **names);

#ifdef __cplusplus
}
#endif

#endif
