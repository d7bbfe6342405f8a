/* Runs the tests of this folder, without its subfolders. They are one program:
 *
 *     cc -fsanitize=address,undefined -I.. *.c ../hostel.c && ./a.out
 */

#include "check.h"

int main(void)
{
    test_json();
    test_cache();
    test_atomics();
    test_lease();
    test_many();
    test_entries();
    test_http();
    test_recipes();
    test_service();
    test_requests();
    puts("all passed");
    return 0;
}
