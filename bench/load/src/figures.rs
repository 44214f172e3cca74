//! Numbers for people: medians, percentiles, and tables in plain text.

use std::time::Duration;

/// A set of measurements, sorted.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// Sorts the measurements.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The smallest value that `percent` of all do not exceed; 0 when there is none.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or(0.0)
    }

    /// The middle: of an even number the mean of the middle two; 0 when there is none.
    #[must_use]
    pub fn median(&self) -> f64 {
        let len = self.0.len();
        match len {
            0 => 0.0,
            _ => f64::midpoint(self.0[(len - 1) / 2], self.0[len / 2]),
        }
    }

    /// The smallest, or 0.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.0.first().copied().unwrap_or(0.0)
    }

    /// The largest, or 0.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }
}

/// Milliseconds of a duration.
#[must_use]
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Rows in columns as wide as their widest cell: the first to the left, the others to the right.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cell = |(at, text): (usize, &String)| match at {
            0 => format!("{text:<0$}", widths[0]),
            _ => format!("{text:>0$}", widths[at]),
        };
        let line: Vec<String> = row.iter().enumerate().map(cell).collect();
        out.push_str(line.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], expect: (f64, f64, f64, f64)) {
        let spread = Spread::new(values.iter().copied());
        assert_eq!(
            (spread.median(), spread.percentile(99), spread.min(), spread.max()),
            expect,
            "{values:?}"
        );
    }

    #[test]
    fn spreads() {
        check(&[], (0.0, 0.0, 0.0, 0.0));
        check(&[3.0], (3.0, 3.0, 3.0, 3.0));
        check(&[4.0, 1.0], (2.5, 4.0, 1.0, 4.0));
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        check(&hundred, (50.5, 99.0, 1.0, 100.0));
    }

    #[test]
    fn columns_line_up() {
        let row = |cells: [&str; 2]| cells.map(ToOwned::to_owned).to_vec();
        assert_eq!(table(&[row(["round", "s"]), row(["1", "2.50"])]), "round     s\n1      2.50\n");
    }
}
