//! Bars drawn by the server as inline SVG: x in percent, so that labels keep their size at any width, y in pixels.

use crate::web::text::number;

/// Pixels: of the whole, and the lines of the highest value and of nothing.
pub const HEIGHT: i64 = 168;
const TOP: f64 = 10.5;
const BOTTOM: f64 = 144.5;
/// Of a bar and the gap beside it, the bar.
const BAR: f64 = 0.56;
/// Labels below that fit on a phone.
#[derive(Clone, Copy)]
pub enum Labels {
    Months = 12,
    Days = 7,
}

/// A bar to be drawn.
pub struct Value {
    /// Below it, where there is room: "11-02".
    pub label: String,
    /// For who points at it: "11-02-2026: 42 calling credits".
    pub title: String,
    pub amount: i64,
}

pub struct Chart {
    /// Of its title and description on the page.
    pub id: &'static str,
    pub title: String,
    /// What it shows, for those who do not see it.
    pub description: String,
    pub lines: Vec<Line>,
    pub bars: Vec<Bar>,
    pub labels: Vec<Label>,
}

/// A line across, with its value beside it.
pub struct Line {
    pub y: String,
    pub text_y: String,
    pub text: String,
}

pub struct Bar {
    pub x: String,
    pub width: String,
    pub y: String,
    pub height: String,
    pub title: String,
}

pub struct Label {
    pub x: String,
    pub text: String,
}

impl Chart {
    pub fn of(id: &'static str, title: String, description: String, values: &[Value], labels: Labels) -> Self {
        let scale = Scale::up_to(values.iter().map(|value| value.amount).max().unwrap_or(0));
        let slot = 100.0 / values.len().max(1) as f64;
        // Many are drawn side by side: a gap would be thinner than what a screen can show.
        let width = slot * if values.len() > 92 { 1.0 } else { BAR };
        let every = values.len().div_ceil(labels as usize).max(1);
        let middle = |index: usize| slot * (index as f64 + 0.5);
        let bar = |(index, value): (usize, &Value)| {
            let height = scale.height(value.amount);
            Bar {
                x: percent(middle(index) - width / 2.0),
                width: percent(width),
                y: pixels(BOTTOM - 0.5 - height),
                height: pixels(height),
                title: value.title.clone(),
            }
        };
        let named = |(index, value): (usize, &Value)| Label { x: percent(middle(index)), text: value.label.clone() };
        Chart {
            id,
            title,
            description,
            lines: scale.lines(),
            bars: values.iter().enumerate().filter(|(_, value)| value.amount > 0).map(bar).collect(),
            labels: values.iter().enumerate().step_by(every).map(named).collect(),
        }
    }

    pub fn label_y(&self) -> i64 {
        HEIGHT - 5
    }

    pub fn height(&self) -> i64 {
        HEIGHT
    }
}

/// Round numbers from nothing to at least the highest value, in one to four steps of 1, 2 or 5 times a power of ten.
#[derive(Debug, PartialEq, Eq)]
struct Scale {
    step: i64,
    steps: i64,
}

impl Scale {
    fn up_to(highest: i64) -> Self {
        let highest = highest.max(1);
        let powers = std::iter::successors(Some(1i64), |power| power.checked_mul(10));
        let steps = powers.flat_map(|power| [1, 2, 5].map(|times| power.saturating_mul(times)));
        let step = steps.into_iter().find(|step| highest.div_euclid(*step) + i64::from(highest % step > 0) <= 4);
        let step = step.unwrap_or(i64::MAX);
        Scale { step, steps: highest.div_euclid(step) + i64::from(highest % step > 0) }
    }

    fn top(&self) -> f64 {
        self.step as f64 * self.steps as f64
    }

    fn height(&self, amount: i64) -> f64 {
        (BOTTOM - TOP) * amount.max(0) as f64 / self.top()
    }

    fn lines(&self) -> Vec<Line> {
        let line = |step: i64| {
            let y = BOTTOM - (BOTTOM - TOP) * step as f64 / self.steps as f64;
            // The lines stay sharp.
            let y = y.floor() + 0.5;
            Line { y: pixels(y), text_y: pixels(y + 3.5), text: short(self.step.saturating_mul(step)) }
        };
        (0..=self.steps).map(line).collect()
    }
}

/// "5000", "20k", "1.5M": as narrow as the room beside the lines. Only round numbers come here.
fn short(value: i64) -> String {
    for (unit, letter) in [(1_000_000_000, "B"), (1_000_000, "M"), (1000, "k")] {
        if value >= unit && value >= 10_000 {
            let tenths = value / (unit / 10);
            return match tenths % 10 {
                0 => format!("{}{letter}", number(tenths / 10)),
                tenth => format!("{}.{tenth}{letter}", tenths / 10),
            };
        }
    }
    value.to_string()
}

fn percent(value: f64) -> String {
    format!("{value:.2}%")
}

fn pixels(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_round_steps_and_room_for_the_highest_bar() {
        for (highest, step, steps) in [
            (0, 1, 1),
            (1, 1, 1),
            (4, 1, 4),
            (5, 2, 3),
            (9, 5, 2),
            (66, 20, 4),
            (80, 20, 4),
            (81, 50, 2),
            (1234, 500, 3),
            (12_400, 5000, 3),
            (1_900_000, 500_000, 4),
        ] {
            assert_eq!(Scale::up_to(highest), Scale { step, steps }, "{highest}");
        }
        for highest in [i64::MAX, i64::MAX / 3, -5] {
            let scale = Scale::up_to(highest);
            assert!(scale.top() * 1.001 >= highest as f64 && scale.steps <= 4, "{scale:?}");
        }
    }

    #[test]
    fn values_beside_the_lines_are_short() {
        for (value, text) in
            [(0, "0"), (5000, "5000"), (10_000, "10k"), (15_000, "15k"), (1_500_000, "1.5M"), (2_000_000_000, "2B")]
        {
            assert_eq!(short(value), text);
        }
    }

    fn chart(amounts: &[i64], labels: Labels) -> Chart {
        let value = |(n, amount): (usize, &i64)| Value { label: n.to_string(), title: String::new(), amount: *amount };
        let values: Vec<Value> = amounts.iter().enumerate().map(value).collect();
        Chart::of("days", String::new(), String::new(), &values, labels)
    }

    #[test]
    fn bars_stand_on_the_lowest_line_in_the_middle_of_their_places() {
        let chart = chart(&[40, 0, -3, 80], Labels::Days);
        let bars: Vec<_> = chart.bars.iter().map(|bar| [&*bar.x, &bar.width, &bar.y, &bar.height]).collect();
        assert_eq!(bars, [["5.50%", "14.00%", "77.0", "67.0"], ["80.50%", "14.00%", "10.0", "134.0"]]);
        let lines: Vec<_> = chart.lines.iter().map(|line| (&*line.y, &*line.text)).collect();
        assert_eq!(lines, [("144.5", "0"), ("111.5", "20"), ("77.5", "40"), ("44.5", "60"), ("10.5", "80")]);
        assert_eq!(chart.labels.len(), 4);
    }

    #[test]
    fn a_year_of_days_has_as_many_labels_as_fit() {
        let chart = chart(&[1; 366], Labels::Days);
        assert_eq!((chart.bars.len(), chart.labels.len()), (366, 7));
        assert!(self::chart(&[], Labels::Days).bars.is_empty());
        assert_eq!(self::chart(&[5; 12], Labels::Months).labels.len(), 12);
    }
}
