//! The policy: what the program is built of is under permissive licences. (Tests alone use scraper, parts of which are under
//! MPL-2.0.)

use std::process::Command;

const PERMISSIVE: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "PostgreSQL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether all that must be kept to is permissive; of alternatives one is enough. "/" is an old way of writing OR.
fn is_permissive(licence: &str) -> bool {
    let has_choice = |part: &str| {
        let choices = part.trim_matches(['(', ')', ' ']).replace('/', " OR ");
        choices.split(" OR ").any(|one| PERMISSIVE.contains(&one.trim()))
    };
    licence.split(" AND ").all(has_choice)
}

#[test]
fn everything_that_is_shipped_is_under_a_permissive_licence() {
    let asked = ["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}|{l}"];
    let output = Command::new(env!("CARGO")).args(asked).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    let packages: Vec<(&str, &str)> = tree.lines().filter_map(|line| line.split_once('|')).collect();
    assert!(packages.len() > 200, "{}", String::from_utf8_lossy(&output.stderr));
    for (package, licence) in packages {
        assert!(is_permissive(licence.trim_end_matches(" (*)")), "{package}: {licence}");
    }
}

#[test]
fn what_binds_those_who_pass_it_on_is_told_apart() {
    for licence in ["MIT", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND Unicode-3.0", "LGPL-2.1 OR MIT"] {
        assert!(is_permissive(licence), "{licence}");
    }
    for licence in ["", "GPL-3.0", "MIT AND GPL-3.0", "MPL-2.0", "(AGPL-3.0 OR LGPL-2.1) AND MIT"] {
        assert!(!is_permissive(licence), "{licence}");
    }
}
