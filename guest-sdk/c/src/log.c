/* The plugin's log lines. The host adds the plugin, the service and the request to each. */

#include "ctx.h"

void hostel_log(hostel_ctx *ctx, hostel_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    hostel_str message = vformat(ctx, format, arguments);
    va_end(arguments);
    /* The host traps on a level that is none. */
    host_log(ctx, level > HOSTEL_ERROR ? HOSTEL_ERROR : level, lossy(ctx, message));
}
