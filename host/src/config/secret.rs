//! Secrets, stored only as hashes.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, PasswordHasher, Version};
use sha2::{Digest, Sha256};
use std::fmt;
use std::hash::{Hash, Hasher};
use subtle::ConstantTimeEq;

/// Minimum characters of a token: a shorter printable token cannot hold 128 random bits.
const MIN_TOKEN_CHARACTERS: usize = 20;

/// Maximum bytes of a token or a password: 1 KiB. This bounds the cost of hashing the secrets that
/// clients send.
pub(crate) const MAX_SECRET_BYTES: usize = 1 << 10;

/// Maximum memory to check one password, in KiB: 256 MiB. Each concurrent check may need as much.
const MAX_MEMORY: u32 = 256 << 10;

/// Maximum number of passes over the memory, and maximum number of lanes: two parameters of
/// Argon2id.
const MAX_PASSES: u32 = 64;

/// The prefix of a token's hash.
const TOKEN_PREFIX: &str = "sha256:";

/// The hash of a secret: SHA-256 for a token, which is too random to guess, or Argon2id for a
/// password, because Argon2id makes each guess slow. `Debug` does not print the hash.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash(HashKind);

#[derive(Clone, PartialEq, Eq)]
enum HashKind {
    Token([u8; 32]),
    Password(Box<PasswordHash>),
}

/// Why a secret or a hash is invalid, or why a password cannot be hashed. Contains no part of the
/// secret or the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The token has fewer than 20 bytes, so it can be guessed.
    #[error(
        "the token has fewer than {MIN_TOKEN_CHARACTERS} characters and can be guessed: make one \
         with `openssl rand -hex 32`"
    )]
    ShortToken,
    /// The secret is longer than a client may send.
    #[error("the secret has more than {MAX_SECRET_BYTES} bytes: choose a shorter one")]
    TooLong,
    /// The password is empty.
    #[error("the password is empty")]
    NoPassword,
    /// The system provides no random numbers, or not enough memory for hashing.
    #[error("the password cannot be hashed: no random numbers, or too little memory")]
    NotHashed,
    /// The text is not the hash of a token.
    #[error(
        "the token's hash is invalid: write `sha256:` and the 64 hexadecimal digits that \
         `sha256sum` or `hostel hash --scheme bearer` prints"
    )]
    NotOfToken,
    /// The text is not the hash of a password.
    #[error(
        "the password's hash is invalid: write an Argon2id PHC string, which begins \
         `$argon2id$v=19$m=`, as `hostel hash` prints it"
    )]
    NotOfPassword,
    /// Checking a password against the hash would cost more than a host should spend.
    #[error(
        "the Argon2id parameters are too large: at most m={MAX_MEMORY}, t={MAX_PASSES} and \
         p={MAX_PASSES}"
    )]
    TooDear,
}

impl SecretHash {
    /// Hashes a token.
    ///
    /// # Errors
    ///
    /// If the token has fewer than 20 bytes, or more than 1 KiB.
    pub fn of_token(token: &[u8]) -> Result<Self, SecretError> {
        check_length(token)?;
        if token.len() < MIN_TOKEN_CHARACTERS {
            return Err(SecretError::ShortToken);
        }
        Ok(SecretHash(HashKind::Token(token_digest(token))))
    }

    /// Hashes a password with a new salt. Takes tens of milliseconds.
    ///
    /// # Errors
    ///
    /// If the password is empty or has more than 1 KiB, or the system provides no random numbers or
    /// not enough memory.
    pub fn of_password(password: &[u8]) -> Result<Self, SecretError> {
        check_length(password)?;
        if password.is_empty() {
            return Err(SecretError::NoPassword);
        }
        let hash = Argon2::default().hash_password(password);
        hash.map(|hash| SecretHash(HashKind::Password(Box::new(hash))))
            .map_err(|_| SecretError::NotHashed)
    }

    /// Parses the hash of a token: `sha256:` and 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// If the text is not such a hash.
    pub fn read_token_hash(text: &str) -> Result<Self, SecretError> {
        let digits = text.strip_prefix(TOKEN_PREFIX).ok_or(SecretError::NotOfToken)?;
        let digest = bytes_of_hex(digits).ok_or(SecretError::NotOfToken)?;
        Ok(SecretHash(HashKind::Token(digest)))
    }

    /// Parses the hash of a password: an Argon2id PHC string with a salt and a hash.
    ///
    /// # Errors
    ///
    /// If the text is not such a hash, or checking a password against it would cost too much.
    pub fn read_password_hash(text: &str) -> Result<Self, SecretError> {
        let hash = PasswordHash::new(text).map_err(|_| SecretError::NotOfPassword)?;
        let is_known = hash.version.is_none_or(|version| Version::try_from(version).is_ok());
        let whole = hash.salt.is_some() && hash.hash.is_some() && is_known;
        if hash.algorithm.as_str() != "argon2id" || !whole {
            return Err(SecretError::NotOfPassword);
        }
        let cost = Params::try_from(&hash).map_err(|_| SecretError::NotOfPassword)?;
        let passes = cost.t_cost().max(cost.p_cost());
        if cost.m_cost() > MAX_MEMORY || passes > MAX_PASSES {
            return Err(SecretError::TooDear);
        }
        Ok(SecretHash(HashKind::Password(Box::new(hash))))
    }

    /// Returns the hash as stored in a file of callers, in the format of
    /// [`SecretHash::read_token_hash`] or [`SecretHash::read_password_hash`].
    #[must_use]
    pub fn stored(&self) -> String {
        match &self.0 {
            HashKind::Token(digest) => {
                let digits = digest.iter().map(|byte| format!("{byte:02x}"));
                TOKEN_PREFIX.to_owned() + &digits.collect::<String>()
            }
            HashKind::Password(hash) => hash.to_string(),
        }
    }

    /// Returns the SHA-256 digest of a token; `None` for a password.
    pub(crate) fn digest_of_token(&self) -> Option<[u8; 32]> {
        match &self.0 {
            HashKind::Token(digest) => Some(*digest),
            HashKind::Password(_) => None,
        }
    }

    /// Returns true if `secret` has this hash. Returns false if not, or if there is not enough
    /// memory to check a password. The hashes are compared in constant time, so that timing does
    /// not reveal how much of a guess is right.
    ///
    /// Checking a token takes about a microsecond. Checking a password usually takes tens of
    /// milliseconds and tens of MiB of memory: never check passwords on a thread that runs
    /// asynchronous tasks, and limit the concurrent checks.
    #[must_use]
    pub fn verify(&self, secret: &[u8]) -> bool {
        self.verify_in(&mut PasswordMemory::default(), secret)
    }

    /// Like [`SecretHash::verify`], but reuses memory, so that the system need not clear tens of
    /// MiB for each password.
    pub(crate) fn verify_in(&self, memory: &mut PasswordMemory, secret: &[u8]) -> bool {
        match &self.0 {
            HashKind::Token(digest) => digest.ct_eq(&token_digest(secret)).into(),
            HashKind::Password(hash) => memory.verify(hash, secret).unwrap_or(false),
        }
    }
}

/// Returns the digest that identifies a token. Takes about a microsecond for each KiB.
pub(crate) fn token_digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The memory for checking a password.
#[derive(Default)]
pub(crate) struct PasswordMemory(Vec<Block>);

impl PasswordMemory {
    /// Checks a password. Returns `None` if the hash is malformed, or the memory is not available.
    fn verify(&mut self, hash: &PasswordHash, password: &[u8]) -> Option<bool> {
        let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
        let params = Params::try_from(hash).ok()?;
        let version = match hash.version {
            Some(version) => Version::try_from(version).ok()?,
            None => Version::default(),
        };
        let blocks = params.block_count();
        let missing = blocks.saturating_sub(self.0.len());
        self.0.try_reserve_exact(missing).ok()?;
        self.0.resize(blocks.max(self.0.len()), Block::default());
        let mut found = vec![0; expected.len()];
        let argon2 = Argon2::new(Algorithm::Argon2id, version, params);
        let (salt, blocks) = (salt.as_ref(), self.0.as_mut_slice());
        argon2.hash_password_into_with_memory(password, salt, &mut found, blocks).ok()?;
        Some(found.ct_eq(expected.as_bytes()).into())
    }
}

fn check_length(secret: &[u8]) -> Result<(), SecretError> {
    if secret.len() > MAX_SECRET_BYTES { Err(SecretError::TooLong) } else { Ok(()) }
}

/// Equal password hashes have the same text, so hashing the text agrees with `Eq`.
impl Hash for SecretHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            HashKind::Token(digest) => digest.hash(state),
            HashKind::Password(hash) => hash.to_string().hash(state),
        }
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash")
    }
}

fn bytes_of_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
    let digits = digits?;
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &[u8] = b"0123456789abcdefghij";

    #[test]
    fn only_the_token_itself_is_right() {
        let hash = SecretHash::of_token(TOKEN).unwrap();
        assert!(hash.verify(TOKEN));
        for wrong in [&b""[..], b"0123456789abcdefghik", b"0123456789abcdefghij "] {
            assert!(!hash.verify(wrong), "{wrong:?}");
        }
        assert_eq!(SecretHash::of_token(b"short"), Err(SecretError::ShortToken));
        let longest = [b'a'; MAX_SECRET_BYTES + 1];
        assert_eq!(SecretHash::of_token(&longest), Err(SecretError::TooLong));
        assert!(SecretHash::of_token(&longest[1..]).is_ok());
    }

    #[test]
    fn the_hash_of_a_token_is_what_sha256sum_prints() {
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for text in [abc.to_owned(), abc.replace("ba78", "BA78")] {
            assert!(SecretHash::read_token_hash(&text).unwrap().verify(b"abc"));
        }
        let short = abc.get(..70).unwrap();
        for wrong in ["", "abc", short, &format!("{abc}0"), &abc.replace("ba", "xy"), "$argon2id$"]
        {
            assert_eq!(SecretHash::read_token_hash(wrong), Err(SecretError::NotOfToken), "{wrong}");
        }
    }

    #[test]
    fn only_the_password_itself_is_right() {
        let hash = SecretHash::of_password(b"correct horse").unwrap();
        assert!(hash.verify(b"correct horse"));
        assert!(!hash.verify(b"correct house") && !hash.verify(b""));
        assert_eq!(SecretHash::of_password(b""), Err(SecretError::NoPassword));
        let longest = [b'a'; MAX_SECRET_BYTES + 1];
        assert_eq!(SecretHash::of_password(&longest), Err(SecretError::TooLong));
    }

    /// A test vector of the reference implementation, for the password `password`.
    const PHC: &str =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    #[test]
    fn the_hash_of_a_password_is_read_as_others_write_it() {
        assert!(SecretHash::read_password_hash(PHC).unwrap().verify(b"password"));
        let wrong = |text: &str| SecretHash::read_password_hash(text).unwrap_err();
        for text in ["", "password", "sha256:00", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ"] {
            assert_eq!(wrong(text), SecretError::NotOfPassword, "{text}");
        }
        assert_eq!(wrong(&PHC.replace("argon2id", "argon2i")), SecretError::NotOfPassword);
        assert_eq!(wrong(&PHC.replace("v=19", "v=99")), SecretError::NotOfPassword);
        assert_eq!(wrong(&PHC.replace("m=256", "m=4294967295")), SecretError::TooDear);
        assert_eq!(wrong(&PHC.replace("t=2", "t=65")), SecretError::TooDear);
    }

    #[test]
    fn memory_that_is_used_again_changes_no_result() {
        let small = SecretHash::read_password_hash(PHC).unwrap();
        let large = SecretHash::of_password(b"correct horse").unwrap();
        let mut memory = PasswordMemory::default();
        for _ in 0..2 {
            assert!(small.verify_in(&mut memory, b"password"));
            assert!(!small.verify_in(&mut memory, b"correct horse"));
            assert!(large.verify_in(&mut memory, b"correct horse"));
            assert!(!large.verify_in(&mut memory, b"password"));
        }
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let token = SecretHash::of_token(TOKEN).unwrap();
        assert_eq!(SecretHash::read_token_hash(&token.stored()), Ok(token));
        let password = SecretHash::of_password(b"correct horse").unwrap();
        assert_eq!(SecretHash::read_password_hash(&password.stored()), Ok(password));
    }

    #[test]
    fn a_hash_shows_nothing() {
        let shown = format!("{:?}", SecretHash::read_password_hash(PHC).unwrap());
        assert_eq!(shown, "SecretHash");
    }
}
