/// Lists every service of this plugin. The host's tests also use the list: for each service, they
/// import the test of the same name, so a service without a test is a compile error.
macro_rules! foreach_guest {
    ($macro:path) => {
        $macro! {
            returns_a_bad_header,
            returns_a_bad_status,
            responds_as_requested,
            returns_too_much,
            requests_much_memory,
            requests_much_randomness,
            requests_randomness,
            computes_once,
            counts,
            exits,
            fails,
            grows,
            hoards_handles,
            hoards_pollables,
            leases_then_ends,
            logs_then_spins,
            logs_too_much,
            looks_around,
            mirrors,
            panics,
            passes_too_much,
            prints,
            recurses,
            recurses_with_large_frames,
            sets_then_spins,
            sets_then_traps,
            sleeps,
            spins,
            touches_the_cache,
            writes_too_much,
        }
    };
}
