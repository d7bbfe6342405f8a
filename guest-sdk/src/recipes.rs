//! Common uses of the cache, as functions to copy.
//!
//! **A cache can lose entries.** A full cache evicts entries, and an in-memory cache is empty after
//! a restart of the host. Each recipe describes the effect. Do not keep the only copy of important
//! data in a cache.
//!
//! # Rate limiter
//!
//! [`increment_with_expiry`](crate::Cache::increment_with_expiry) counts each call exactly once.
//! The window begins with the first call and lasts as long as the expiry. If the cache evicts the
//! count, a new window begins early. All calls that are not made over HTTP share one count.
//!
//! ```
//! # use hostel_sdk::{Context, Failure, Result};
//! use std::time::Duration;
//!
//! fn check_rate(ctx: &Context) -> Result<()> {
//!     let key = format!("calls:{}", ctx.request.client_address().unwrap_or_default());
//!     if ctx.cache.increment_with_expiry(&key, 1, Duration::from_secs(60))? > 100 {
//!         let failure = Failure::too_many_requests("at most 100 calls a minute");
//!         return Err(failure.with_header("Retry-After", "60"));
//!     }
//!     Ok(())
//! }
//! # use hostel_sdk::{HttpRequest, Request};
//! # let fake = hostel_sdk::fake::Fake::new();
//! # let check = |client: &str| {
//! #     let http = HttpRequest { client: client.to_owned(), ..HttpRequest::default() };
//! #     check_rate(&fake.context_with(Request { http: Some(http), ..Request::default() }))
//! # };
//! # assert!((0..100).all(|port| check(&format!("192.0.2.1:{port}")).is_ok()));
//! # let failure = Failure::too_many_requests("at most 100 calls a minute");
//! # assert_eq!(check("192.0.2.1:7"), Err(failure.with_header("Retry-After", "60")));
//! # assert_eq!(check("192.0.2.2:7"), Ok(()));
//! # fake.advance(Duration::from_secs(60));
//! # assert_eq!(check("192.0.2.1:7"), Ok(()));
//! ```
//!
//! # One-time token
//!
//! [`take`](crate::Cache::take) returns a value to only one caller. If the cache evicts the token,
//! it becomes invalid, and the user must request another one.
//!
//! ```
//! # use hostel_sdk::{Context, Failure, Result};
//! use std::time::Duration;
//!
//! fn issue(ctx: &Context, token: &str, user: &str) -> Result<()> {
//!     let key = format!("token:{token}");
//!     Ok(ctx.cache.set_with_expiry(&key, user, Duration::from_secs(600))?)
//! }
//!
//! fn redeem(ctx: &Context, token: &str) -> Result<String> {
//!     let user = ctx.cache.take(&format!("token:{token}"))?;
//!     user.ok_or_else(|| Failure::unauthorized("the link is used or has expired"))
//! }
//! # let fake = hostel_sdk::fake::Fake::new();
//! # issue(&fake.context(), "abc123", "ada").unwrap();
//! # assert_eq!(redeem(&fake.context(), "abc123"), Ok("ada".to_owned()));
//! # assert!(redeem(&fake.context(), "abc123").is_err());
//! ```
//!
//! # Lock
//!
//! [`set_if_absent_with_expiry`](crate::Cache::set_if_absent_with_expiry) gives the lock to one
//! caller. The expiry releases the lock if that caller fails. The value is a random number, and
//! [`compare_and_swap_raw`](crate::Cache::compare_and_swap_raw) removes the entry only if it still
//! has this number: after the expiry another caller may hold the lock.
//!
//! The lock ends early if the cache evicts it or if the work takes longer than the expiry. So it
//! avoids duplicate work, but it does not guarantee that the work never runs twice. To compute a
//! value once, [`get_or_set`](crate::Cache::get_or_set) is simpler.
//!
//! ```
//! # use hostel_sdk::{Context, Failure, Lifetime, Result};
//! use std::hash::{BuildHasher, RandomState};
//! use std::time::Duration;
//!
//! fn report(ctx: &Context, make: impl FnOnce() -> Result<()>) -> Result<()> {
//!     let mine: u64 = RandomState::new().hash_one("report");
//!     let expiry = Duration::from_secs(30);
//!     if !ctx.cache.set_if_absent_with_expiry("lock:report", &mine, expiry)? {
//!         return Err(Failure::conflict("the report is being made"));
//!     }
//!     let made = make();
//!     let mine = mine.to_string();
//!     ctx.cache.compare_and_swap_raw("lock:report", Some(&mine), None, Lifetime::Keep)?;
//!     made
//! }
//! # let fake = hostel_sdk::fake::Fake::new();
//! # let ctx = fake.context();
//! # let nested = report(&ctx, || report(&ctx, || Ok(())));
//! # assert_eq!(nested, Err(Failure::conflict("the report is being made")));
//! # let after_expiry = report(&ctx, || {
//! #     fake.advance(Duration::from_secs(30));
//! #     Ok(assert!(ctx.cache.set_if_absent("lock:report", "another")?))
//! # });
//! # assert_eq!(after_expiry, Ok(()));
//! # assert_eq!(ctx.cache.get("lock:report"), Ok(Some("another".to_owned())));
//! ```
//!
//! # Read, modify, write
//!
//! [`update`](crate::Cache::update) loses no change, even if many callers change the value at the
//! same time. If the cache evicts the value, the next change starts from the default.
//!
//! ```
//! # use hostel_sdk::{Context, Result};
//! fn last_searches(ctx: &Context, user: &str, search: &str) -> Result<Vec<String>> {
//!     ctx.cache.update(&format!("searches:{user}"), |searches| {
//!         let mut searches: Vec<String> = searches.unwrap_or_default();
//!         searches.insert(0, search.to_owned());
//!         searches.truncate(3);
//!         Ok(searches)
//!     })
//! }
//! # let fake = hostel_sdk::fake::Fake::new();
//! # let search = |text| last_searches(&fake.context(), "ada", text).unwrap();
//! # ["a", "b", "c"].map(search);
//! # assert_eq!(search("d"), ["d", "c", "b"]);
//! ```
//!
//! # Invalidating a group of entries
//!
//! The keys of a group contain its generation, a random number. Deleting the generation invalidates
//! the whole group in one step, because the next call picks a new number and the old keys are never
//! read again. Their expiry removes the old entries. If the cache evicts the generation, the group
//! is invalidated early, but stale entries are never read.
//!
//! ```
//! # use hostel_sdk::{Context, GetOrSet, Result};
//! use std::hash::{BuildHasher, RandomState};
//! use std::time::Duration;
//!
//! fn price(ctx: &Context, item: &str) -> Result<u32> {
//!     let generation: u64 = ctx.cache.get_or_set_with("prices", GetOrSet::unlimited(), || {
//!         Ok(RandomState::new().hash_one("prices"))
//!     })?;
//!     let key = format!("price:{generation}:{item}");
//!     ctx.cache.get_or_set(&key, Duration::from_secs(3600), || read_price(item))
//! }
//!
//! fn drop_prices(ctx: &Context) -> Result<()> {
//!     ctx.cache.delete("prices")?;
//!     Ok(())
//! }
//! # thread_local!(static READS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
//! # fn read_price(_item: &str) -> Result<u32> {
//! #     READS.set(READS.get() + 1);
//! #     Ok(READS.get())
//! # }
//! # let fake = hostel_sdk::fake::Fake::new();
//! # let price = || price(&fake.context(), "tea");
//! # assert_eq!((price(), price()), (Ok(1), Ok(1)));
//! # drop_prices(&fake.context()).unwrap();
//! # assert_eq!((price(), price()), (Ok(2), Ok(2)));
//! ```
