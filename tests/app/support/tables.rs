//! The tables, as src/schema.rs declares them.

/// A table of src/schema.rs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    pub name: String,
    /// Int4, Int8, Text, Bool, Timestamp.
    pub kind: String,
    pub nullable: bool,
}

/// All tables, read from the source: Diesel keeps no list of them that could be asked.
pub fn tables() -> Vec<Table> {
    let source = include_str!("../../../src/schema.rs");
    let bodies = source.split("diesel::table! {").skip(1);
    let tables: Vec<Table> = bodies.map(|body| table(body.split("\n}").next().unwrap())).collect();
    assert!(tables.len() > 10, "src/schema.rs is no longer written as this reads it");
    tables
}

fn table(body: &str) -> Table {
    let mut lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    let name = lines.next().unwrap().split(' ').next().unwrap().to_owned();
    let columns = lines.filter_map(|line| line.trim_end_matches(',').split_once(" -> ")).map(|(name, kind)| {
        let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
        Column { name: name.to_owned(), kind: inner.unwrap_or(kind).to_owned(), nullable: inner.is_some() }
    });
    Table { name, columns: columns.collect() }
}

impl Table {
    /// A query for all rows, each as one text `t`, in a fixed order.
    pub fn rows_as_text(&self) -> String {
        let column = |column: &Column| format!("COALESCE(CAST({} AS TEXT), 'null')", column.name);
        let columns: Vec<String> = self.columns.iter().map(column).collect();
        format!("SELECT {} AS t FROM {} ORDER BY 1", columns.join(" || '|' || "), self.name)
    }
}
