//! Tables as files: CSV, whatever their size, and XLSX.

use crate::error::{Error, Result};
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::Stream;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

/// Excel takes a file for UTF-8 only if it begins so; all others skip it.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    Number(i64),
}

impl Cell {
    /// A text that a spreadsheet would take for a formula gets an apostrophe in front, which makes it a text again
    /// (https://owasp.org/www-community/attacks/CSV_Injection): at its beginning, and where a program that splits at
    /// semicolons or tabs would begin a cell.
    fn in_csv(&self) -> String {
        let text = match self {
            Cell::Number(number) => return number.to_string(),
            Cell::Text(text) => text,
        };
        let mut safe = String::with_capacity(text.len());
        let mut is_start = true;
        for letter in text.chars() {
            if is_start && FORMULA.contains(&letter) {
                safe.push('\'');
            }
            is_start = matches!(letter, ';' | '\t') || (is_start && letter == ' ' && !safe.is_empty());
            safe.push(letter);
        }
        safe
    }
}

/// What a formula begins with, in wide letters too.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Rows as CSV: comma, quotes where needed, CR LF (RFC 4180).
pub fn csv<R: AsRef<[Cell]>>(rows: impl IntoIterator<Item = R>) -> Result<Bytes> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    for row in rows {
        writer.write_record(row.as_ref().iter().map(Cell::in_csv)).map_err(anyhow::Error::from)?;
    }
    let bytes = writer.into_inner().map_err(|cause| anyhow::anyhow!("{cause}"))?;
    Ok(Bytes::from(bytes))
}

/// The first line of a CSV file.
pub fn csv_head(columns: &[&str]) -> Result<Bytes> {
    let head = csv([columns.iter().map(|name| Cell::Text((*name).to_owned())).collect::<Vec<_>>()])?;
    Ok(Bytes::from([BYTE_ORDER_MARK.as_bytes(), &head].concat()))
}

/// A file that is made while it is sent. An error breaks the transfer off, so that nobody takes a part for the whole.
pub fn streamed(name: &str, parts: impl Stream<Item = Result<Bytes>> + 'static) -> HttpResponse {
    attachment(name, "text/csv; charset=utf-8").streaming(parts)
}

/// A file that is short enough to be made before it is sent.
pub fn whole_csv(name: &str, bytes: Vec<u8>) -> HttpResponse {
    attachment(name, "text/csv; charset=utf-8").body(bytes)
}

fn attachment(name: &str, content_type: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type(content_type);
    response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    response
}

/// An XLSX file that is written row by row, and kept on disk until it is whole.
pub struct Sheet {
    workbook: Workbook,
    rows: u32,
}

fn failed(cause: XlsxError) -> Error {
    Error::Internal(anyhow::Error::from(cause))
}

impl Sheet {
    pub fn new(name: &str, columns: &[&str]) -> Result<Self> {
        let mut workbook = Workbook::new();
        let bold = Format::new().set_bold();
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(name).map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        for (at, column) in (0..).zip(columns) {
            sheet.set_column_width(at, column.chars().count().max(14) as f64).map_err(failed)?;
            sheet.write_with_format(0, at, *column, &bold).map_err(failed)?;
        }
        Ok(Sheet { workbook, rows: 1 })
    }

    pub fn add(&mut self, cells: &[Cell]) -> Result<()> {
        let row = self.rows;
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        for (at, cell) in (0..).zip(cells) {
            write(sheet, row, at, cell).map_err(failed)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// The file. Packing takes a while: not on a thread that answers requests.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        self.workbook.save_to_buffer().map_err(failed)
    }
}

/// An XLSX file as a response.
pub fn xlsx(name: &str, bytes: Vec<u8>) -> HttpResponse {
    attachment(name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet").body(bytes)
}

/// A text stays one, whatever it begins with.
fn write(sheet: &mut Worksheet, row: u32, at: u16, cell: &Cell) -> std::result::Result<(), XlsxError> {
    match cell {
        Cell::Text(text) if text.is_empty() => {}
        Cell::Text(text) => {
            sheet.write_string(row, at, text)?;
        }
        Cell::Number(number) => {
            sheet.write_number(row, at, *number as f64)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (typed, written) in [
            ("=1+1", "'=1+1"),
            ("+14155550148", "'+14155550148"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("Anna = Lena", "Anna = Lena"),
            ("Chef;=1+1", "Chef;'=1+1"),
            ("Sales; -5", "Sales; '-5"),
            ("", ""),
        ] {
            assert_eq!(Cell::Text(typed.into()).in_csv(), written);
        }
        assert_eq!(Cell::Number(-5).in_csv(), "-5");
    }

    #[test]
    fn quotes_and_commas_are_kept_apart() {
        let text = |text: &str| Cell::Text(text.into());
        let bytes = csv([vec![text("a,b"), text("say \"x\"")], vec![text("山田"), Cell::Number(7)]]).unwrap();
        assert_eq!(std::str::from_utf8(&bytes).unwrap(), "\"a,b\",\"say \"\"x\"\"\"\r\n山田,7\r\n");
    }
}
