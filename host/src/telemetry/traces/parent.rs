//! The header `traceparent`: W3C Trace Context, section 3.2.

/// The client's span that is the parent of a request's span, and whether the trace is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceParent {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) is_sampled: bool,
}

impl TraceParent {
    /// Parses the header's value. Returns `None` if the value is malformed; the request then starts
    /// a new trace. A version later than 00, except the invalid ff, is parsed like 00, and
    /// additional parts are ignored (section 3.2.4).
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut parts = value.splitn(5, '-');
        let mut hex = |digits| parts.next().filter(|part| is_hex(part, digits));
        let (version, trace_id, span_id, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|&id| id != 0)?;
        let span_id = u64::from_str_radix(span_id, 16).ok().filter(|&id| id != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(TraceParent { trace_id, span_id, is_sampled: flags & 1 == 1 })
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[track_caller]
    fn check(value: &str, is_sampled: Option<bool>) {
        let expected = is_sampled.map(|is_sampled| TraceParent {
            trace_id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span_id: 0x00f0_67aa_0ba9_02b7,
            is_sampled,
        });
        assert_eq!(TraceParent::parse(value), expected, "{value}");
    }

    #[test]
    fn a_parent_is_parsed_as_in_w3c_trace_context() {
        check(&format!("00-{TRACE}-{SPAN}-01"), Some(true));
        check(&format!("00-{TRACE}-{SPAN}-00"), Some(false));
        check(&format!("00-{TRACE}-{SPAN}-03"), Some(true));
        check(&format!("cc-{TRACE}-{SPAN}-01-more"), Some(true));
    }

    #[test]
    fn a_malformed_parent_is_ignored() {
        for value in [
            String::new(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}-é{}-01", &SPAN[2..]),
        ] {
            check(&value, None);
        }
    }
}
