//! Atomic changes of one entry, and the expiry of entries.

use super::super::error::CacheError;
use super::batch::{Batch, RedisCommand};
use super::meters::timed;
use super::reply::{array, bytes, integer, unexpected};
use super::scripts::{INCREMENT, PERSIST, SWAP};
use super::{Ex, RedisCache, checked, unavailable};
use hostel_cache::{
    Expiry, Integer, Json, Key, Lifetime, MAX_EXPIRY_SECONDS, Swap, TimeLeft, Value,
};
use redis::cmd;
use tokio::time::Instant;

impl RedisCache {
    pub(in crate::backend) async fn set_if_absent(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<bool, CacheError> {
        timed(&self.meters.set_if_absent, self.create(key, value, expiry)).await
    }

    pub(in crate::backend) async fn increment(
        &self,
        key: &str,
        delta: i64,
        expiry: Option<u32>,
    ) -> Result<i64, CacheError> {
        timed(&self.meters.increment, self.add(key, delta, expiry)).await
    }

    pub(in crate::backend) async fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<&str>,
        wanted: Option<&str>,
        lifetime: Lifetime,
    ) -> Result<Swap, CacheError> {
        let swap = self.check_and_swap(key, expected, wanted, lifetime);
        timed(&self.meters.compare_and_swap, swap).await
    }

    pub(in crate::backend) async fn take(&self, key: &str) -> Result<Option<Value>, CacheError> {
        timed(&self.meters.take, self.read_and_remove(key)).await
    }

    pub(in crate::backend) async fn ttl(&self, key: &str) -> Result<TimeLeft, CacheError> {
        timed(&self.meters.ttl, self.time_left(key)).await
    }

    pub(in crate::backend) async fn expire(
        &self,
        key: &str,
        expiry: Option<u32>,
    ) -> Result<bool, CacheError> {
        timed(&self.meters.expire, self.set_expiry(key, expiry)).await
    }

    async fn create(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<bool, CacheError> {
        let key = Key::new(key)?;
        let json = Json::new(value, self.value_limit)?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        let name = self.names.entry(key.as_str());
        let mut set = cmd("SET");
        set.arg(&name).arg(json.as_str()).arg("NX").arg(Ex(expiry));
        let [reply] = self.run(Batch::of_writes(&name, vec![set.into()])).await?;
        match reply {
            redis::Value::Okay => {
                self.meters.counts.set();
                Ok(true)
            }
            redis::Value::Nil => Ok(false),
            other => Err(unavailable(unexpected(&other))),
        }
    }

    async fn add(&self, key: &str, delta: i64, expiry: Option<u32>) -> Result<i64, CacheError> {
        let key = Key::new(key)?;
        let integer_delta = Integer::new(delta)?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        let name = self.names.entry(key.as_str());
        let mut script = INCREMENT.on(&[&name]);
        script.arg(delta).arg(self.value_limit).arg(seconds(expiry));
        let reply = self.write(key, &name, RedisCommand::of_script(&INCREMENT, script)).await?;
        let (outcome, detail) = outcome(checked(key, reply)?)?;
        if outcome == b"ok" {
            let sum = integer(&detail).map_err(unavailable)?;
            self.meters.counts.increment();
            return Ok(sum);
        }
        // Repeat the script's checks on the value in its reply, to create the error message.
        let found = bytes(detail).map_err(unavailable)?;
        Integer::sum(Some(&String::from_utf8_lossy(&found)), integer_delta, self.value_limit)?;
        Err(unavailable(unexpected(&redis::Value::Nil)))
    }

    async fn check_and_swap(
        &self,
        key: &str,
        expected: Option<&str>,
        wanted: Option<&str>,
        lifetime: Lifetime,
    ) -> Result<Swap, CacheError> {
        let key = Key::new(key)?;
        for value in [expected, wanted].into_iter().flatten() {
            Json::new(value, self.value_limit)?;
        }
        let lifetime = match lifetime {
            Lifetime::Keep => "keep".to_owned(),
            Lifetime::Unlimited => String::new(),
            // A removed entry has no expiry, so the expiry is not validated.
            Lifetime::After(_) if wanted.is_none() => String::new(),
            Lifetime::After(after) => Expiry::new(after)?.seconds().to_string(),
        };
        let deadline = self.servers.deadline();
        let swap = self.swap(deadline, key, expected, wanted, &lifetime).await?;
        if matches!(swap, Swap::Swapped) && (expected, wanted) != (None, None) {
            self.meters.counts.swap();
        }
        Ok(swap)
    }

    /// Reads and validates the value, then removes the entry if its value is unchanged; otherwise
    /// tries again. A script cannot validate a value, and invalid entries of other programs must
    /// not be removed.
    async fn read_and_remove(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let key = Key::new(key)?;
        let deadline = self.servers.deadline();
        let mut expected = None;
        loop {
            match self.swap(deadline, key, expected.as_deref(), None, "").await? {
                Swap::Swapped => {
                    expected.iter().for_each(|_| self.meters.counts.take());
                    return Ok(expected);
                }
                Swap::Changed(None) => return Ok(None),
                Swap::Changed(found) => expected = found,
            }
            if Instant::now() >= deadline {
                return Err(unavailable(
                    "other callers changed the value at each attempt".to_owned(),
                ));
            }
        }
    }

    async fn swap(
        &self,
        deadline: Instant,
        key: Key<'_>,
        expected: Option<&str>,
        wanted: Option<&str>,
        lifetime: &str,
    ) -> Result<Swap, CacheError> {
        let name = self.names.entry(key.as_str());
        let mut script = SWAP.on(&[&name]);
        script.arg(self.value_limit);
        for value in [expected, wanted] {
            script.arg(u8::from(value.is_some())).arg(value.unwrap_or_default());
        }
        script.arg(lifetime);
        let script = RedisCommand::of_script(&SWAP, script);
        let reply = self.write_until(deadline, key, &name, script).await?;
        let mut fields = array(checked(key, reply)?).map_err(unavailable)?.into_iter();
        let was_expected = fields.next().unwrap_or(redis::Value::Nil);
        if integer(&was_expected).map_err(unavailable)? == 1 {
            return Ok(Swap::Swapped);
        }
        match fields.next().unwrap_or(redis::Value::Nil) {
            redis::Value::Nil => Ok(Swap::Changed(None)),
            text => {
                let value = self.value(key, bytes(text).map_err(unavailable)?)?;
                Ok(Swap::Changed(Some(value)))
            }
        }
    }

    async fn time_left(&self, key: &str) -> Result<TimeLeft, CacheError> {
        let key = Key::new(key)?;
        let name = self.names.entry(key.as_str());
        let mut left = cmd("PTTL");
        left.arg(&name);
        let [reply] = self.run(Batch::of_reads(&name, vec![left.into()])).await?;
        Ok(match integer(&reply).map_err(unavailable)? {
            ..=-2 => TimeLeft::Missing,
            -1 => TimeLeft::Unlimited,
            left => {
                let seconds = left.unsigned_abs().div_ceil(1_000);
                let seconds = u32::try_from(seconds).unwrap_or(MAX_EXPIRY_SECONDS);
                // An entry is still live in its last millisecond. Other programs may have set an
                // expiry longer than the maximum.
                TimeLeft::Seconds(seconds.clamp(1, MAX_EXPIRY_SECONDS))
            }
        })
    }

    async fn set_expiry(&self, key: &str, expiry: Option<u32>) -> Result<bool, CacheError> {
        let key = Key::new(key)?;
        let name = self.names.entry(key.as_str());
        let command = match expiry.map(Expiry::new).transpose()? {
            None => RedisCommand::of_script(&PERSIST, PERSIST.on(&[&name])),
            Some(expiry) => {
                let mut expire = cmd("EXPIRE");
                expire.arg(&name).arg(expiry.seconds());
                expire.into()
            }
        };
        let reply = self.write(key, &name, command).await?;
        let is_there = integer(&reply).map_err(unavailable)? > 0;
        if is_there {
            self.meters.counts.expire();
        }
        Ok(is_there)
    }
}

/// Formats an expiry as an argument of a script: without an expiry, an empty text.
pub(super) fn seconds(expiry: Option<Expiry>) -> String {
    expiry.map(|expiry| expiry.seconds().to_string()).unwrap_or_default()
}

/// Returns the two fields of a script's reply: the outcome, and its detail or `Nil`.
pub(super) fn outcome(reply: redis::Value) -> Result<(Vec<u8>, redis::Value), CacheError> {
    let mut fields = array(reply).map_err(unavailable)?.into_iter();
    let mut field = || fields.next().unwrap_or(redis::Value::Nil);
    Ok((bytes(field()).map_err(unavailable)?, field()))
}
