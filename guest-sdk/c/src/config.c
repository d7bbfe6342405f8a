/* The plugin's settings and secrets. */

#include "ctx.h"

hostel_str hostel_config_get(hostel_ctx *ctx, const char *name)
{
    hostel_str text = hostel_str_of(name), value = NO_TEXT;
    /* The host traps on a name that is not UTF-8. No setting has such a name. */
    if (valid_utf8(text) == text.len)
        value = host_setting(ctx, text);
    return value.ptr == NULL ? NO_TEXT : hostel_copy(ctx, value);
}

hostel_result hostel_config_require(hostel_ctx *ctx, const char *name, hostel_str *value)
{
    hostel_str found = hostel_config_get(ctx, name);
    if (found.ptr == NULL) {
        hostel_str shown = quoted(ctx, hostel_str_of(name));
        return hostel_fail(ctx, HOSTEL_INTERNAL,
                           "no setting %.*s: write it in [plugins.NAME.config], or as a secret in "
                           "[plugins.NAME.secrets]",
                           HOSTEL_ARG(shown));
    }
    *value = found;
    return HOSTEL_OK;
}

size_t hostel_config_names(hostel_ctx *ctx, const hostel_str **names)
{
    struct texts found = host_setting_names(ctx);
    *names = found.texts;
    return found.count;
}
