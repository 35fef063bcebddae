//! Values that look thrown and are the same at each run.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub struct Dice(u64);

/// What parsers stumble over.
const PIECES: &[&str] = &[
    "&",
    "=",
    "+",
    "%",
    "~",
    ";",
    ":",
    ",",
    ".",
    "/",
    "//",
    "?",
    "#",
    "@",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "'",
    "\\",
    " ",
    "\t",
    "\r\n",
    "\0",
    "%00",
    "%ff",
    "%C3",
    "%c3%a9",
    "%2",
    "-",
    "_",
    "0",
    "1",
    "9",
    "00000",
    "999999999999999999999",
    "a",
    "Zz",
    "xn--",
    "é",
    "ß",
    "İ",
    "ﬀ",
    "Σ",
    "山",
    "ﷺ",
    "😀",
    "👩\u{200d}👧",
    "\u{202e}",
    "\u{200b}",
    "\u{3164}",
    "\u{feff}",
    "\u{ffff}",
    "e\u{301}",
    "status",
    "end",
    "enabled",
    "-created",
    "credits",
    "role",
    "plan:",
    "localhost",
    "127.0.0.1",
    "::1",
    "postgres",
    "sqlite",
];

impl Dice {
    pub fn new(seed: u64) -> Self {
        // Seeds that are near each other must not throw alike.
        Dice((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn roll<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[(self.number() % list.len() as u64) as usize]
    }

    /// A text of at most so many pieces, any character among them.
    pub fn text(&mut self, most: u64) -> String {
        let pieces = self.number() % (most + 1);
        let piece = |_| match self.number() % 4 {
            0 => char::from_u32((self.number() % 0x11_0000) as u32).unwrap_or('?').to_string(),
            1 => char::from(32 + (self.number() % 95) as u8).to_string(),
            _ => (*self.roll(PIECES)).to_owned(),
        };
        (0..pieces).map(piece).collect()
    }
}

/// Checks so many cases; of one that fails it says the number, which alone brings it about again.
pub fn for_each_case(cases: u64, check: impl Fn(&mut Dice)) {
    for case in 0..cases {
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| check(&mut Dice::new(case)))) {
            eprintln!("this was case {case}: Dice::new({case})");
            resume_unwind(cause);
        }
    }
}
