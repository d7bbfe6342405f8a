//! Guests that a host must survive.

use hostel_sdk::{Context, Failure, Response, Result, info};
use std::time::Duration;

pub fn spins(_: &Context) -> Result<()> {
    loop {
        std::hint::black_box(0);
    }
}

pub fn sleeps(_: &Context) -> Result<()> {
    std::thread::sleep(Duration::from_secs(3_600));
    Ok(())
}

pub fn grows(_: &Context) -> Result<()> {
    let mut hoard = Vec::new();
    loop {
        hoard.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}

/// Recurses endlessly, using only the engine's stack and none of the guest's memory.
pub fn recurses(_: &Context) -> Result<u64> {
    fn deeper(depth: u64) -> u64 {
        if depth == u64::MAX { 0 } else { deeper(depth + 1).rotate_left(1) ^ depth }
    }
    Ok(deeper(std::hint::black_box(0)))
}

/// Recurses endlessly with large stack frames, which are in the guest's own memory.
pub fn recurses_with_large_frames(_: &Context) -> Result<u64> {
    fn deeper(depth: u64) -> u64 {
        let frame = std::hint::black_box([depth; 64]);
        if depth == u64::MAX { 0 } else { deeper(depth + 1) + frame[7] }
    }
    Ok(deeper(0))
}

pub fn panics(_: &Context) -> Result<()> {
    panic!("on purpose");
}

pub fn exits(_: &Context) -> Result<()> {
    std::process::exit(7);
}

pub fn sets_then_traps(ctx: &Context) -> Result<()> {
    ctx.cache.set("first", &1)?;
    ctx.cache.set("second", &2)?;
    std::process::abort();
}

pub fn sets_then_spins(ctx: &Context) -> Result<()> {
    ctx.cache.set("first", &1)?;
    spins(ctx)
}

pub fn returns_too_much(_: &Context) -> Result<Response> {
    Ok(Response::bytes(vec![0; (8 << 20) + 1]))
}

pub fn returns_a_bad_status(_: &Context) -> Result<Response> {
    Ok(Response::text("ok").with_status(99))
}

pub fn returns_a_bad_header(_: &Context) -> Result<Response> {
    crate::send_unchecked("x-a", "1\r\nset-cookie: b");
    Ok(Response::text("ok"))
}

/// Begins a line on stderr, which the host logs when the call ends, then writes a complete line to
/// stdout. The complete line is written last, because a test waits for it and then ends the call.
pub fn logs_then_spins(ctx: &Context) -> Result<()> {
    eprint!("spun");
    println!("spins");
    spins(ctx)
}

pub fn logs_too_much(_: &Context) -> Result<()> {
    info!("{}", "x".repeat(10_000));
    info!("\u{1b}[31mred\r\nfaked line");
    for line in 0..1_500 {
        info!("{line}");
    }
    Ok(())
}

/// Passes 3 MiB to the host in one host call; the test sets a lower limit.
pub fn passes_too_much(ctx: &Context) -> Result<bool> {
    Ok(ctx.cache.exists(&"k".repeat(3 << 20))?)
}

/// Requests 1 GiB of memory three times, and continues without it. Returns the number of refusals.
pub fn requests_much_memory(_: &Context) -> Result<usize> {
    let is_refused = |_: &i32| {
        let mut bytes = Vec::<u8>::new();
        let reserved = bytes.try_reserve(1 << 30);
        // Without this use, the compiler may remove the allocation.
        std::hint::black_box(&bytes);
        reserved.is_err()
    };
    Ok((0..3).filter(is_refused).count())
}

/// Requests 1 MiB of random bytes in one host call, and never reads them.
pub fn requests_much_randomness(_: &Context) -> Result<()> {
    #[link(wasm_import_module = "wasi:random/random@0.2.0")]
    unsafe extern "C" {
        #[link_name = "get-random-bytes"]
        fn get_random_bytes(len: i64, result: *mut u32);
    }
    let mut list = [0_u32; 2];
    // SAFETY: the function writes a pointer and a length to the given place.
    unsafe { get_random_bytes(1 << 20, list.as_mut_ptr()) };
    Ok(())
}

/// Creates pollables and keeps them all, until a limit on handles stops the guest.
pub fn hoards_pollables(_: &Context) -> Result<()> {
    #[link(wasm_import_module = "wasi:clocks/monotonic-clock@0.2.0")]
    unsafe extern "C" {
        #[link_name = "subscribe-duration"]
        fn subscribe_duration(nanoseconds: i64) -> i32;
    }
    for _ in 0..100_000 {
        // SAFETY: the function takes a number and returns a handle.
        unsafe { subscribe_duration(1_000_000_000) };
    }
    Ok(())
}

/// Writes 1 MiB to stdout in one host call, ignoring the permitted size.
pub fn writes_too_much(_: &Context) -> Result<()> {
    #[link(wasm_import_module = "wasi:cli/stdout@0.2.0")]
    unsafe extern "C" {
        #[link_name = "get-stdout"]
        fn get_stdout() -> i32;
    }
    #[link(wasm_import_module = "wasi:io/streams@0.2.0")]
    unsafe extern "C" {
        #[link_name = "[method]output-stream.check-write"]
        fn check_write(stream: i32, result: *mut u64);
        #[link_name = "[method]output-stream.write"]
        fn write(stream: i32, start: *const u8, len: usize, result: *mut u32);
    }
    let lines = vec![b'\n'; 1 << 20];
    let (mut permit, mut result) = ([0_u64; 2], [0_u32; 3]);
    // SAFETY: both functions write results of at most these sizes to the given places.
    unsafe {
        let stdout = get_stdout();
        check_write(stdout, permit.as_mut_ptr());
        write(stdout, lines.as_ptr(), lines.len(), result.as_mut_ptr());
    }
    Ok(())
}

/// Opens stdout again and again and keeps every handle, until a limit on handles stops the guest.
pub fn hoards_handles(_: &Context) -> Result<()> {
    #[link(wasm_import_module = "wasi:cli/stdout@0.2.0")]
    unsafe extern "C" {
        #[link_name = "get-stdout"]
        fn get_stdout() -> i32;
    }
    for _ in 0..100_000 {
        // SAFETY: the function takes nothing and returns a handle.
        unsafe { get_stdout() };
    }
    Ok(())
}

pub fn fails(_: &Context, kind: String) -> Result<()> {
    let message = "said\nno";
    Err(match kind.as_str() {
        "bad-request" => Failure::bad_request(message),
        "unauthorized" => Failure::unauthorized(message),
        "forbidden" => Failure::forbidden(message),
        "not-found" => Failure::not_found(message),
        "method-not-allowed" => Failure::method_not_allowed(message),
        "conflict" => Failure::conflict(message),
        "too-many-requests" => Failure::too_many_requests(message),
        "unavailable" => Failure::unavailable(message),
        _ => Failure::internal(message),
    })
}
