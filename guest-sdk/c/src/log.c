/* The plugin's log. The host adds the plugin, the service and the request id to each line. */

#include "ctx.h"

void hostel_log(hostel_ctx *ctx, hostel_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    hostel_str message = vformat(ctx, format, arguments);
    va_end(arguments);
    /* The host traps on an invalid level. */
    host_log(ctx, level > HOSTEL_ERROR ? HOSTEL_ERROR : level, lossy(ctx, message));
}
