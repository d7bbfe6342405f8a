//! The validators of a file, and conditional requests: RFC 9110, sections 8.8 and 13.

use hyper::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED,
};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

/// A file that changed less than two seconds ago may change again without a new modification time:
/// some file systems, such as FAT, record times in steps of two seconds.
const STEP: Duration = Duration::from_secs(2);

/// The entity tag and the modification time of a file.
pub(super) struct Validators {
    /// The entity tag, with its quotation marks but without `W/`.
    tag: String,
    /// True if the tag and the time identify the exact bytes of the file.
    are_strong: bool,
    /// The modification time in whole seconds, or `None` if it is before 1970 or in the future.
    modified: Option<SystemTime>,
}

impl Validators {
    /// Creates the validators. The tag consists of the size, the modification time and the inode's
    /// change time. The change time is needed because reproducible builds give all versions of a
    /// file the same modification time. As a result, the tag differs between machines.
    pub(super) fn new(found: &Metadata, now: SystemTime) -> Self {
        let seconds = u64::try_from(found.mtime()).ok().map(Duration::from_secs);
        let modified = seconds.and_then(|time| SystemTime::UNIX_EPOCH.checked_add(time));
        let nanoseconds =
            |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        let of_content = nanoseconds(found.mtime(), found.mtime_nsec());
        let of_inode = nanoseconds(found.ctime(), found.ctime_nsec());
        let settled =
            now.checked_sub(STEP).and_then(|it| it.duration_since(SystemTime::UNIX_EPOCH).ok());
        let settled = settled.and_then(|it| i128::try_from(it.as_nanos()).ok());
        Validators {
            tag: format!("\"{:x}-{of_content:x}-{of_inode:x}\"", found.len()),
            are_strong: settled.is_some_and(|settled| of_content.max(of_inode) <= settled),
            modified: modified.filter(|modified| *modified <= now),
        }
    }

    /// Adds the header `etag`, and `last-modified` if `modified` is known.
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        let weak = if self.are_strong { "" } else { "W/" };
        let tag = HeaderValue::from_str(&format!("{weak}{}", self.tag));
        let modified = self.modified.map(httpdate::fmt_http_date);
        let modified = modified.and_then(|text| HeaderValue::from_str(&text).ok());
        headers.extend(tag.ok().map(|tag| (ETAG, tag)));
        headers.extend(modified.map(|modified| (LAST_MODIFIED, modified)));
    }

    /// True if the request requires this version of the file, or none. A weak tag never matches
    /// `If-Match` (section 13.1.1), and a time that cannot be compared is ignored (section 13.1.4).
    pub(super) fn are_expected(&self, headers: &HeaderMap) -> bool {
        if let Some(mut tags) = tags(headers, IF_MATCH) {
            return tags.any(|tag| tag == "*" || (self.are_strong && tag == self.tag));
        }
        self.is_modified_by(headers, IF_UNMODIFIED_SINCE).unwrap_or(true)
    }

    /// True if the client already has this version of the file.
    pub(super) fn is_known(&self, headers: &HeaderMap) -> bool {
        if let Some(mut tags) = tags(headers, IF_NONE_MATCH) {
            return tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag);
        }
        self.is_modified_by(headers, IF_MODIFIED_SINCE).unwrap_or(false)
    }

    /// Returns whether the file was last modified at or before the time in a header, or `None` if
    /// either time is unknown.
    fn is_modified_by(&self, headers: &HeaderMap, name: HeaderName) -> Option<bool> {
        let by = headers.get(name).and_then(time)?;
        self.modified.map(|modified| modified <= by)
    }

    /// True if a range may be sent: the request has no `If-Range`, or names exactly this version.
    pub(super) fn allow_range(&self, headers: &HeaderMap) -> bool {
        let Some(condition) = headers.get(IF_RANGE) else { return true };
        let is_tag = condition.as_bytes() == self.tag.as_bytes();
        let is_time = self.modified.is_some() && time(condition) == self.modified;
        self.are_strong && (is_tag || is_time)
    }
}

/// Returns the entity tags of a header, or `None` if the header is missing.
fn tags(headers: &HeaderMap, name: HeaderName) -> Option<impl Iterator<Item = &str>> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let lines = lines.filter_map(|line| line.to_str().ok());
    Some(lines.flat_map(|line| line.split(',')).map(str::trim))
}

fn time(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    const HOUR: Duration = Duration::from_secs(3_600);

    /// Returns the validators of a file whose inode changed `age` ago, and the file's modification
    /// time.
    fn validators(age: Duration) -> (Validators, SystemTime) {
        let file = tempfile::tempfile().unwrap();
        let modified = SystemTime::UNIX_EPOCH + 1_000 * HOUR;
        file.set_modified(modified).unwrap();
        let found = file.metadata().unwrap();
        let changed = Duration::new(found.ctime() as u64, found.ctime_nsec() as u32);
        (Validators::new(&found, SystemTime::UNIX_EPOCH + changed + age), modified)
    }

    fn headers(written: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in written {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        for age in [HOUR, Duration::ZERO] {
            let (validators, modified) = validators(age);
            let tag = validators.tag.as_str();
            let date = |time| httpdate::fmt_http_date(time);
            let (at, before, after) =
                (date(modified), date(modified - HOUR), date(modified + HOUR));
            let is_known = |written: &[(HeaderName, &str)]| validators.is_known(&headers(written));
            assert!(!is_known(&[]));
            for tags in [tag, "*", &format!("W/{tag}"), &format!("\"a\", {tag},\"b\"")] {
                assert!(is_known(&[(IF_NONE_MATCH, tags), (IF_MODIFIED_SINCE, &before)]), "{tags}");
            }
            assert!(is_known(&[(IF_NONE_MATCH, "\"a\""), (IF_NONE_MATCH, tag)]));
            for tags in ["\"a\"", "", &tag[1..], &tag.replace('"', "")] {
                assert!(!is_known(&[(IF_NONE_MATCH, tags), (IF_MODIFIED_SINCE, &at)]), "{tags}");
            }
            assert!(is_known(&[(IF_MODIFIED_SINCE, &at)]));
            assert!(is_known(&[(IF_MODIFIED_SINCE, &after)]));
            assert!(!is_known(&[(IF_MODIFIED_SINCE, &before)]));
            assert!(!is_known(&[(IF_MODIFIED_SINCE, "yesterday")]));
        }
    }

    #[test]
    fn only_the_expected_version_is_sent() {
        let (settled, modified) = validators(HOUR);
        let date = |time| httpdate::fmt_http_date(time);
        let (at, before) = (date(modified), date(modified - HOUR));
        let are_expected = |written: &[(HeaderName, &str)]| settled.are_expected(&headers(written));
        let tag = settled.tag.as_str();
        assert!(are_expected(&[]));
        for tags in [tag, "*", &format!("\"a\", {tag}")] {
            assert!(are_expected(&[(IF_MATCH, tags), (IF_UNMODIFIED_SINCE, &before)]), "{tags}");
        }
        assert!(are_expected(&[(IF_MATCH, "\"a\""), (IF_MATCH, tag)]));
        for tags in ["\"a\"", "", &format!("W/{tag}"), &tag[1..]] {
            assert!(!are_expected(&[(IF_MATCH, tags), (IF_UNMODIFIED_SINCE, &at)]), "{tags}");
        }
        for (since, expected) in [(&*at, true), (&*before, false), ("yesterday", true)] {
            assert_eq!(are_expected(&[(IF_UNMODIFIED_SINCE, since)]), expected, "{since}");
        }
        let (recent, _) = validators(STEP / 2);
        for tags in [&*recent.tag, &format!("W/{}", recent.tag)] {
            assert!(!recent.are_expected(&headers(&[(IF_MATCH, tags)])), "{tags}");
        }
        assert!(recent.are_expected(&headers(&[(IF_MATCH, "*")])));
    }

    #[test]
    fn a_range_is_of_the_version_that_the_client_has() {
        let (settled, modified) = validators(HOUR);
        let allow = |condition: &str| settled.allow_range(&headers(&[(IF_RANGE, condition)]));
        let at = httpdate::fmt_http_date(modified);
        assert!(settled.allow_range(&HeaderMap::new()));
        assert!(allow(&settled.tag) && allow(&at));
        assert!(!allow(&format!("W/{}", settled.tag)) && !allow("\"a\"") && !allow("*"));
        assert!(!allow(&httpdate::fmt_http_date(modified + HOUR)));
        let (recent, _) = validators(STEP / 2);
        for condition in [&recent.tag, &at] {
            assert!(!recent.allow_range(&headers(&[(IF_RANGE, condition)])), "{condition}");
        }
    }

    #[test]
    fn versions_have_different_tags_though_they_have_one_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let tag = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let file = File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            Validators::new(&file.metadata().unwrap(), SystemTime::now()).tag
        };
        let first = tag("a");
        // Retry, because the file system's clock advances in steps.
        while tag("b") == first {}
    }

    #[test]
    fn a_recent_version_has_a_weak_tag_and_a_future_one_no_time() {
        let put = |age| {
            let mut headers = HeaderMap::new();
            validators(age).0.put(&mut headers);
            headers
        };
        let tag = |headers: &HeaderMap| headers[ETAG].to_str().unwrap().to_owned();
        assert!(tag(&put(HOUR)).starts_with('"'));
        assert!(tag(&put(STEP / 2)).starts_with("W/\""));
        assert_eq!(put(HOUR)[LAST_MODIFIED], "Wed, 11 Feb 1970 16:00:00 GMT");
        let file = tempfile::tempfile().unwrap();
        file.set_modified(SystemTime::now() + HOUR).unwrap();
        let mut headers = HeaderMap::new();
        Validators::new(&file.metadata().unwrap(), SystemTime::now()).put(&mut headers);
        assert!(headers.get(LAST_MODIFIED).is_none() && tag(&headers).starts_with("W/"));
    }
}
