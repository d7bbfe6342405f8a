/* What the tests of the SDK share: checks that stay in a build without assertions. */
#ifndef CHECK_H
#define CHECK_H

#include <hostel_fake.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(claim)                                                                               \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim);                    \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Checks that a text says exactly this. */
#define CHECK_TEXT(text, expected)                                                                 \
    do {                                                                                           \
        hostel_str text_ = (text);                                                                 \
        if (!hostel_str_equal(text_, hostel_str_of(expected))) {                                   \
            fprintf(stderr, "%s:%d: \"%.*s\", wanted \"%s\"\n", __FILE__, __LINE__,                \
                    HOSTEL_ARG(text_), (expected));                                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Checks that a text has these words in it. */
#define CHECK_SAYS(text, words)                                                                    \
    do {                                                                                           \
        hostel_str text_ = (text);                                                                 \
        char line_[2048];                                                                          \
        snprintf(line_, sizeof line_, "%.*s", HOSTEL_ARG(text_));                                  \
        if (strstr(line_, (words)) == NULL) {                                                      \
            fprintf(stderr, "%s:%d: \"%s\" does not say \"%s\"\n", __FILE__, __LINE__, line_,      \
                    (words));                                                                      \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

void test_json(void);
void test_cache(void);
void test_service(void);

#endif
