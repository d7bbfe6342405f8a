/* The memory of a request. The SDK allocates it in chunks, and frees the chunks together: after the
 * response is sent or, with the fake, before the next request or in hostel_fake_free. In wasm, it
 * may keep one chunk for the next request. */

#include "ctx.h"

/* The size of a chunk, unless one allocation needs more. 0 in native builds (tests): each
 * allocation is then a separate block, so valgrind and AddressSanitizer detect a write past its
 * end. */
#ifdef __wasm__
#define CHUNK_BYTES ((size_t)16 * 1024)
#else
#define CHUNK_BYTES ((size_t)0)
#endif

static size_t aligned(size_t size)
{
    size_t unit = _Alignof(max_align_t);
    return (size + unit - 1) / unit * unit;
}

static struct chunk *new_chunk(hostel_ctx *ctx, size_t size)
{
    size_t capacity = size > CHUNK_BYTES ? size : CHUNK_BYTES;
    struct chunk *chunk = NULL;
    if (size < SIZE_MAX / 2)
        chunk = (struct chunk *)malloc(sizeof(struct chunk) + capacity);
    if (chunk == NULL)
        abort();
    chunk->older = ctx->chunks;
    chunk->used = 0;
    chunk->capacity = capacity;
    ctx->chunks = chunk;
    return chunk;
}

void *hostel_alloc(hostel_ctx *ctx, size_t size)
{
    struct chunk *chunk = ctx->chunks;
    if (chunk == NULL || chunk->capacity - chunk->used < size)
        chunk = new_chunk(ctx, size);
    char *memory = (char *)chunk->bytes + chunk->used;
    size_t taken = aligned(size);
    size_t left = chunk->capacity - chunk->used;
    chunk->used += taken < left ? taken : left;
    return memory;
}

static void *grow(hostel_ctx *ctx, void *old, size_t old_size, size_t size)
{
    struct chunk *chunk = ctx->chunks;
    if (old != NULL && chunk != NULL) {
        size_t start = (uintptr_t)old - (uintptr_t)chunk->bytes;
        bool is_last = start < chunk->used && start + aligned(old_size) >= chunk->used;
        if (is_last && size <= chunk->capacity - start) {
            size_t end = start + aligned(size);
            chunk->used = end < chunk->capacity ? end : chunk->capacity;
            return old;
        }
    }
    void *memory = hostel_alloc(ctx, size);
    if (old_size > 0)
        memcpy(memory, old, old_size < size ? old_size : size);
    return memory;
}

static void ctx_reset(hostel_ctx *ctx)
{
    struct chunk *chunk = ctx->chunks;
    bool keeps = CHUNK_BYTES > 0;
    while (chunk != NULL && !(keeps && chunk->older == NULL && chunk->capacity == CHUNK_BYTES)) {
        struct chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    if (chunk != NULL)
        chunk->used = 0;
    *ctx = (hostel_ctx){.chunks = chunk, .fake = ctx->fake};
}

hostel_str hostel_copy(hostel_ctx *ctx, hostel_str text)
{
    char *copy = (char *)hostel_alloc(ctx, text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return (hostel_str){copy, text.len};
}

static hostel_str vformat(hostel_ctx *ctx, const char *format, va_list arguments)
{
    char short_text[256];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(short_text, sizeof short_text, format, arguments);
    hostel_str text = {short_text, length > 0 ? (size_t)length : 0};
    if (text.len < sizeof short_text) {
        text = hostel_copy(ctx, text);
    } else {
        char *long_text = (char *)hostel_alloc(ctx, text.len + 1);
        vsnprintf(long_text, text.len + 1, format, again);
        text.ptr = long_text;
    }
    va_end(again);
    return text;
}

hostel_str hostel_format(hostel_ctx *ctx, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    hostel_str text = vformat(ctx, format, arguments);
    va_end(arguments);
    return text;
}
