//! Figures as a table in Markdown.

pub fn print(head: &str, rows: &[String]) {
    println!("{head}\n|{}", "---|".repeat(head.matches('|').count() - 1));
    rows.iter().for_each(|row| println!("{row}"));
    println!();
}
