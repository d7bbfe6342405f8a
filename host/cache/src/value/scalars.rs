//! Scalars: literals, numbers and strings.

use super::grammar::{Reader, Reason};

/// If the count of digits before the decimal point plus the largest possible exponent is at most
/// this, the number is below 1e308 and thus finite as a binary64. Other numbers must be parsed.
const SURELY_FINITE_DIGITS: usize = 308;

const UNFINISHED_STRING: &str = "expected the closing quote of a string";

impl Reader<'_> {
    pub(super) fn literal(&mut self, word: &'static [u8]) -> Result<(), Reason> {
        if !self.rest().starts_with(word) {
            return Err("expected a value");
        }
        self.at += word.len();
        Ok(())
    }

    pub(super) fn number(&mut self) -> Result<(), Reason> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let first = self.peek();
        let whole = self.digits()?;
        if first == Some(b'0') && whole > 1 {
            self.at = start;
            return Err("a number with a leading zero");
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let most = whole.saturating_add(self.largest_exponent()?);
        if most > SURELY_FINITE_DIGITS && !self.is_finite_since(start) {
            self.at = start;
            return Err("a number that is not finite as a binary64");
        }
        Ok(())
    }

    /// Reads an optional exponent and returns an upper bound for its value: 0 without an exponent,
    /// 99 for two digits.
    fn largest_exponent(&mut self) -> Result<usize, Reason> {
        if !matches!(self.peek(), Some(b'e' | b'E')) {
            return Ok(0);
        }
        self.at += 1;
        if matches!(self.peek(), Some(b'+' | b'-')) {
            self.at += 1;
        }
        Ok(match self.digits()? {
            1 => 9,
            2 => 99,
            _ => usize::MAX,
        })
    }

    /// Reads one or more digits and returns how many there are.
    fn digits(&mut self) -> Result<usize, Reason> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        match self.at - start {
            0 => Err("expected a digit"),
            count => Ok(count),
        }
    }

    fn is_finite_since(&self, start: usize) -> bool {
        let number = self.text.get(start..self.at).and_then(|text| text.parse::<f64>().ok());
        number.is_some_and(f64::is_finite)
    }

    pub(super) fn string(&mut self) -> Result<(), Reason> {
        self.at += 1;
        loop {
            self.skip_plain();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err("a control character that is not escaped"),
                None => return Err(UNFINISHED_STRING),
            }
        }
    }

    /// Skips to the next byte that needs handling in a string, or to the end.
    fn skip_plain(&mut self) {
        while let Some(eight) = self.rest().first_chunk() {
            let special = special_bytes(u64::from_le_bytes(*eight));
            if special != 0 {
                self.at += special.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.at += 1;
        }
    }

    /// Reads an escape, including its backslash.
    fn escape(&mut self) -> Result<(), Reason> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => self.unicode_escape()?,
            Some(_) => return Err("an unknown escape"),
            None => {
                self.at += 1;
                return Err(UNFINISHED_STRING);
            }
        }
        Ok(())
    }

    fn unicode_escape(&mut self) -> Result<(), Reason> {
        match self.code_unit(self.at) {
            None => Err("an escape without four hexadecimal digits"),
            Some(0xD800..=0xDBFF) => match self.code_unit(self.at + 6) {
                Some(0xDC00..=0xDFFF) => {
                    self.at += 12;
                    Ok(())
                }
                _ => Err("a high surrogate without a low one after it"),
            },
            Some(0xDC00..=0xDFFF) => Err("a low surrogate without a high one before it"),
            Some(_) => {
                self.at += 6;
                Ok(())
            }
        }
    }

    /// Returns the UTF-16 code unit of the `\uXXXX` at an offset, or `None` if the bytes there have
    /// another form.
    fn code_unit(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
    }
}

/// Marks each byte that is a quote, a backslash or a control character: returns a number in which
/// the top bit of the byte is set.
///
/// A borrow of the subtraction may also mark a byte above a marked byte, so only the lowest mark is
/// reliable. The caller uses only the lowest mark.
fn special_bytes(eight: u64) -> u64 {
    const EVERY: u64 = 0x0101_0101_0101_0101;
    let below = |bytes: u64, bound: u8| bytes.wrapping_sub(EVERY * u64::from(bound)) & !bytes;
    let is = |byte: u8| below(eight ^ (EVERY * u64::from(byte)), 1);
    (below(eight, b' ') | is(b'"') | is(b'\\')) & (EVERY << 7)
}

#[cfg(test)]
mod tests {
    use super::super::check_marked as refuse;
    use super::super::grammar::check;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_numbers_are_refused() {
        let texts = [
            "-^",
            "1.^",
            "1.^e2",
            "1e^",
            "1e+^",
            "1E-^",
            "-^x",
            "1.^x",
            "-^-1",
            "-^.5",
            "-^Infinity",
            "[-^]",
            "1e^.5",
            "1e+^-1",
        ];
        texts.into_iter().for_each(|text| refuse(text, "digit"));
        for text in ["^01", "^-01", "^00", "^-00.5", "^012e3", "[1,^01]"] {
            refuse(text, "leading zero");
        }
    }

    #[test]
    fn a_number_is_refused_exactly_when_it_rounds_to_no_finite_binary64() {
        // 2^1024 - 2^970 is half-way between the largest finite number and 2^1024. It is the
        // smallest positive number that does not round to a finite one.
        let below = "17976931348623158079372897140530341507993413271003782693617377898044496829276475\
            09466490179775872070963302864166928879109465555478519404026306574886715058206819\
            08902000708383676273854845817711531764475730270069855571366959622842914819860834\
            936475292719074168444365510704342711559699508093042880177904174497791";
        let bound = "17976931348623158079372897140530341507993413271003782693617377898044496829276475\
            09466490179775872070963302864166928879109465555478519404026306574886715058206819\
            08902000708383676273854845817711531764475730270069855571366959622842914819860834\
            936475292719074168444365510704342711559699508093042880177904174497792";
        let finite = [below, &format!("{}", f64::MAX), &"9".repeat(308), &format!("{below}.9")];
        for number in finite {
            assert_eq!(check(number), Ok(()), "{number}");
            assert_eq!(check(&format!("-{number}")), Ok(()), "-{number}");
        }
        let long = "1".repeat(1000);
        let infinite = [
            bound,
            &format!("{bound}.0"),
            &"9".repeat(309),
            &long,
            "1e400",
            "1e309",
            "0.1e310",
            "1.8e308",
            "1e99999999999999999999",
            &format!("{}e5", "9".repeat(304)),
            &format!("{}E+60", "9".repeat(250)),
            &format!("{}e100", "9".repeat(209)),
        ];
        for number in infinite {
            refuse(&format!("^{number}"), "not finite");
            refuse(&format!("[0,^-{number}]"), "not finite");
        }
    }

    #[test]
    fn broken_strings_are_refused() {
        for text in ["\"^", "\"abcdefghi^", "\"\\^", "[\"a^"] {
            refuse(text, "closing quote");
        }
        for control in '\0'..' ' {
            refuse(&format!("\"^{control}\""), "control character");
            refuse(&format!("\"1234567890^{control}34567890\""), "control character");
        }
        for escape in ["a", "x41", "'", "0", "U0041", "é", "\n"] {
            refuse(&format!("\"ab^\\{escape}\""), "unknown escape");
        }
        for escape in ["u", "u12", "u123", "u123g", "u+123", "u 123", "u00é", "u{1}"] {
            refuse(&format!("\"ab^\\{escape}\""), "four hexadecimal digits");
        }
    }

    #[test]
    fn surrogates_without_their_pair_are_refused() {
        let high = [
            r"\ud800",
            r"\uDBFFx",
            r"\ud83d\n",
            r"\ud83d\ud83d\ude00",
            r"\ud800\u0041",
            r"\ud83d \ude00",
            r"\ud83d\ude0",
        ];
        for text in high {
            refuse(&format!("\"a^{text}\""), "high surrogate");
        }
        for text in [r"\udc00", r"\uDFFF", r"\ude00\ud83d"] {
            refuse(&format!("\"a^{text}\""), "low surrogate");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn the_lowest_mark_is_the_first_special_byte(bytes in any::<[u8; 8]>()) {
            let first = bytes.iter().position(|byte| *byte < b' ' || b"\"\\".contains(byte));
            let marked = special_bytes(u64::from_le_bytes(bytes)).trailing_zeros() as usize / 8;
            prop_assert_eq!(marked, first.unwrap_or(8));
        }
    }
}
