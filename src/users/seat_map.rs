//! The licences as a drawing: one small seat each, solid where taken, dashed where free. Above a hundred, a bar.

use crate::access::Viewer;
use crate::web::text::number;
use std::fmt::Write;

pub struct SeatMap {
    pub limit: i32,
    pub used: i32,
}

const DRAWN: i32 = 100;
const A_ROW: i32 = 20;
/// Pixels from one seat to the next.
const STEP: (i32, i32) = (10, 11);

impl SeatMap {
    pub fn of(viewer: &Viewer) -> Self {
        SeatMap { limit: viewer.seat_limit, used: viewer.seats_used }
    }

    pub fn is_drawn(&self) -> bool {
        self.limit <= DRAWN
    }

    fn free(&self) -> i32 {
        self.limit - self.used
    }

    /// "8 licenses available"
    pub fn free_text(&self) -> String {
        match self.free() {
            1 => "1 license available".into(),
            free => format!("{} licenses available", number(free)),
        }
    }

    pub fn in_words(&self) -> String {
        format!("{} of {} licenses taken, {} free", number(self.used), number(self.limit), number(self.free()))
    }

    pub fn width(&self) -> i32 {
        self.limit.clamp(1, A_ROW) * STEP.0
    }

    pub fn height(&self) -> i32 {
        ((self.limit - 1).max(0) / A_ROW + 1) * STEP.1
    }

    pub fn taken_path(&self) -> String {
        path(0..self.used, 0.0, "v-5.5a2.5 2.5 0 0 1 2.5-2.5h2a2.5 2.5 0 0 1 2.5 2.5v5.5z", 8.0)
    }

    pub fn free_path(&self) -> String {
        path(self.used..self.limit, 0.5, "v-4.5a2.5 2.5 0 0 1 2.5-2.5h1a2.5 2.5 0 0 1 2.5 2.5v4.5z", 7.5)
    }
}

fn path(seats: std::ops::Range<i32>, left: f32, shape: &str, base: f32) -> String {
    seats.fold(String::new(), |mut path, seat| {
        let (x, y) = ((seat % A_ROW * STEP.0) as f32 + left, (seat / A_ROW * STEP.1) as f32 + base);
        // Writing to a String cannot fail.
        let _ = write!(path, "M{x} {y}{shape}");
        path
    })
}
