//! The load on the maps: keys, values, and the sequence of keys.

/// A cheap, deterministic random number generator (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Numbers below `keys` in a Zipf distribution: the share of the n-th most frequent number is
/// proportional to 1/n^skew.
pub struct Zipf {
    sums: Vec<f64>,
}

impl Zipf {
    pub fn new(keys: usize, skew: f64) -> Self {
        let mut sum = 0.0;
        let add = |rank: usize| {
            sum += (rank as f64).powf(-skew);
            sum
        };
        Self { sums: (1..=keys).map(add).collect() }
    }

    pub fn pick(&self, random: &mut Random) -> u32 {
        let total = self.sums.last().copied().unwrap_or(0.0);
        let wanted = random.fraction() * total;
        self.sums.partition_point(|sum| *sum < wanted).min(self.sums.len() - 1) as u32
    }

    pub fn picks(&self, count: usize, seed: u64) -> Vec<u32> {
        let mut random = Random::new(seed);
        (0..count).map(|_| self.pick(&mut random)).collect()
    }
}

/// A key of 13 bytes on the stack.
pub struct Key([u8; 13]);

impl Key {
    pub fn of(number: u32) -> Self {
        // Mix the number, so that the keys of small numbers do not share most of their digits.
        let mixed = number.wrapping_mul(0x9E37_79B1);
        let mut key = *b"user:00000000";
        for (place, byte) in key[5..].iter_mut().enumerate() {
            *byte = b"0123456789abcdef"[(mixed >> (4 * place)) as usize & 15];
        }
        Self(key)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Precomputed keys, so that making them is not timed.
pub struct Keys(String);

impl Keys {
    pub fn of(numbers: &[u32]) -> Self {
        Self(numbers.iter().map(|number| Key::of(*number).as_str().to_owned()).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let bytes = size_of::<Key>();
        (0..self.0.len() / bytes).filter_map(move |at| self.0.get(at * bytes..(at + 1) * bytes))
    }
}

/// A JSON text of 80 bytes.
pub const VALUE: &str =
    r#"{"id":12345,"name":"Ada Lovelace","roles":["admin","user"],"active":true,"n":-1}"#;

/// The length of a key and a value together, in bytes.
pub const TEXTS: usize = 13 + VALUE.len();
