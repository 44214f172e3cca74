//! Medians over the rounds, and what they are against the bounds and the aims.

use crate::bounds::{Durable, Plain};
use crate::case::{BURST, EVEN, FAILING, Figures, ONE, PACED, TEN};
use crate::stage::Engine;
use boathook_bench::{Spread, table};

#[derive(Default)]
pub(crate) struct Report {
    runs: Vec<(Engine, &'static str, Figures)>,
    pub(crate) bounds: Vec<Plain>,
    pub(crate) durable: Vec<(Engine, Durable)>,
}

/// A ratio or figure, and what it should be.
struct Aim {
    what: String,
    seen: Option<f64>,
    aim: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
    Open,
}

impl Aim {
    fn row(&self) -> Option<Vec<String>> {
        let seen = self.seen.filter(|seen| seen.is_finite())?;
        let (aim, met) = match self.aim {
            Bound::AtLeast(least) => (format!(">= {least}"), if seen >= least { "yes" } else { "NO" }),
            Bound::AtMost(most) => (format!("<= {most}"), if seen <= most { "yes" } else { "NO" }),
            Bound::Open => (String::new(), ""),
        };
        Some(vec![self.what.clone(), format!("{seen:.3}"), aim, met.to_owned()])
    }
}

impl Report {
    pub(crate) fn add(&mut self, engine: Engine, case: &'static str, figures: Figures) {
        self.runs.push((engine, case, figures));
    }

    /// All tables.
    pub(crate) fn tables(&self, engines: &[Engine]) -> String {
        let mut out = format!(
            "Medians of {} rounds. Deliveries are those of healthy hooks. CPU is seconds for 1,000 deliveries\n\
             (milliseconds for one), the API's part included; times are milliseconds from the API's answer.\n\n",
            self.bounds.len()
        );
        out += &self.bounds_table();
        for engine in engines {
            out += &format!("\n{}\n", self.cases_table(*engine));
        }
        let mut aims = vec![["what", "seen", "aim", "met"].map(ToOwned::to_owned).to_vec()];
        for engine in engines {
            aims.extend(self.aims(*engine).iter().filter_map(Aim::row));
        }
        aims.extend(self.between().iter().filter_map(Aim::row));
        out + "\n" + &table(&aims)
    }

    fn median(&self, engine: Engine, case: &str, value: impl Fn(&Figures) -> f64) -> Option<f64> {
        let ours = self.runs.iter().filter(|(on, name, _)| *on == engine && *name == case);
        let values: Vec<f64> = ours.map(|(_, _, figures)| value(figures)).collect();
        (!values.is_empty()).then(|| Spread::new(values).median())
    }

    fn plain(&self, value: impl Fn(&Plain) -> f64) -> Option<f64> {
        (!self.bounds.is_empty()).then(|| Spread::new(self.bounds.iter().map(value)).median())
    }

    fn store(&self, engine: Engine, value: impl Fn(&Durable) -> f64) -> Option<f64> {
        let ours: Vec<f64> =
            self.durable.iter().filter(|(on, _)| *on == engine).map(|(_, one)| value(one)).collect();
        (!ours.is_empty()).then(|| Spread::new(ours).median())
    }

    fn bounds_table(&self) -> String {
        let mut rows = vec![["bound", "per second", "CPU", "MB", "load"].map(ToOwned::to_owned).to_vec()];
        let mut row = |name: &str, values: [Option<f64>; 4]| {
            let cells = values.iter().zip([0, 3, 0, 1]);
            let cells =
                cells.map(|(value, digits)| value.map_or_else(String::new, |v| format!("{v:.digits$}")));
            rows.push(std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>());
        };
        let load = self.plain(|plain| plain.load);
        row("plain client, 1 path", [self.plain(|p| p.one.rate), self.plain(|p| p.one.cpu_ms), None, load]);
        row("plain client, 10 paths", [self.plain(|p| p.ten.rate), self.plain(|p| p.ten.cpu_ms), None, load]);
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let Some(stored) = self.store(engine, |d| d.stored) else { continue };
            let name = engine.name();
            row(&format!("{name}: store alone, events"), [Some(stored), None, None, None]);
            let accepted = [self.store(engine, |d| d.accepted), self.store(engine, |d| d.accepted_cpu_ms)];
            row(&format!("{name}: accepted without hooks"), [accepted[0], accepted[1], None, None]);
            for (at, hooks) in [(0, "1 hook"), (1, "10 hooks")] {
                let drained = [
                    self.store(engine, |d| d.drained[at].rate),
                    self.store(engine, |d| d.drained[at].cpu_ms),
                    self.store(engine, |d| d.drained[at].memory),
                ];
                row(&format!("{name}: drained, {hooks}"), [drained[0], drained[1], drained[2], None]);
            }
        }
        table(&rows)
    }

    fn cases_table(&self, engine: Engine) -> String {
        let head = [
            engine.name(),
            "accepted/s",
            "deliveries/s",
            "arrival p50",
            "p99",
            "success p50",
            "p95",
            "p99",
            "CPU",
            "db CPU",
            "MB",
            "done",
            "conns",
            "load",
        ];
        let mut rows = vec![head.map(ToOwned::to_owned).to_vec()];
        for case in crate::CASES.iter().map(|case| case.name) {
            let cell = |digits: usize, value: &dyn Fn(&Figures) -> f64| {
                self.median(engine, case, value).map(|value| format!("{value:.digits$}"))
            };
            let cells = [
                cell(0, &|f| f.accepted_rate),
                cell(0, &|f| f.delivery_rate),
                cell(1, &|f| f.arrival.median()),
                cell(1, &|f| f.arrival.percentile(99)),
                cell(1, &|f| f.success.median()),
                cell(1, &|f| f.success.percentile(95)),
                cell(1, &|f| f.success.percentile(99)),
                cell(3, &|f| f.cpu_ms),
                cell(3, &|f| f.database_cpu_ms),
                cell(0, &|f| f.memory),
                cell(4, &|f| f.done.0 as f64 / f.done.1.max(1) as f64),
                cell(0, &|f| f.connections),
                cell(1, &|f| f.load),
            ];
            if let Some(cells) = cells.into_iter().collect::<Option<Vec<_>>>() {
                rows.push(std::iter::once(case.to_owned()).chain(cells).collect());
            }
        }
        table(&rows)
    }

    fn aims(&self, engine: Engine) -> Vec<Aim> {
        let name = engine.name();
        let aim =
            |what: &str, seen: Option<f64>, aim: Bound| Aim { what: format!("{name}: {what}"), seen, aim };
        let share =
            |case: &str, bound: Option<f64>| over(self.median(engine, case, |f| f.delivery_rate), bound);
        let (one, ten) = (self.plain(|p| p.one.rate), self.plain(|p| p.ten.rate));
        let (cpu_one, cpu_ten) = (self.plain(|p| p.one.cpu_ms), self.plain(|p| p.ten.cpu_ms));
        let cpu =
            |case: &str, bound| over(self.median(engine, case, |f| f.cpu_ms + f.database_cpu_ms), bound);
        let drained = |at: usize, bound| over(self.store(engine, |d| d.drained[at].rate), bound);
        let drained_cpu = |at: usize, bound| over(self.store(engine, |d| d.drained[at].cpu_ms), bound);
        let most = crate::CASES.iter().filter_map(|case| self.median(engine, case.name, |f| f.memory));
        let p95 = |cases: [&str; 3], with: usize| {
            let p95 = |case: &str| self.median(engine, case, |f| f.whole.percentile(95));
            over(p95(cases[with]), p95(cases[0]))
        };
        vec![
            aim("deliveries/s, 1 hook / plain client", share(ONE, one), Bound::AtLeast(0.15)),
            aim("deliveries/s, 10 hooks / plain client", share(TEN, ten), Bound::AtLeast(0.25)),
            aim("deliveries/s drained, 1 hook / plain client", drained(0, one), Bound::Open),
            aim("deliveries/s drained, 10 hooks / plain client", drained(1, ten), Bound::Open),
            aim("CPU, 1 hook / plain client", cpu(ONE, cpu_one), Bound::AtMost(3.0)),
            aim("CPU, 10 hooks / plain client", cpu(TEN, cpu_ten), Bound::AtMost(3.0)),
            aim("CPU drained, 1 hook / plain client", drained_cpu(0, cpu_one), Bound::Open),
            aim("CPU drained, 10 hooks / plain client", drained_cpu(1, cpu_ten), Bound::Open),
            aim("most memory, MB", most.reduce(f64::max), Bound::AtMost(100.0)),
            aim(
                "100 events/s: answer to success p99, ms",
                self.median(engine, PACED, |f| f.success.percentile(99)),
                Bound::AtMost(10.0),
            ),
            aim(
                "10 % failing: done after the first retry",
                self.median(engine, FAILING, |f| f.done.0 as f64 / f.done.1.max(1) as f64),
                Bound::AtLeast(0.98),
            ),
            aim("p95 of healthy hooks with a hanging one, 50/s", p95(EVEN, 1), Bound::AtMost(1.2)),
            aim("p95 of healthy hooks with a slow one, 50/s", p95(EVEN, 2), Bound::AtMost(1.2)),
            aim("p95 of healthy hooks with a hanging one, burst", p95(BURST, 1), Bound::AtMost(1.2)),
            aim("p95 of healthy hooks with a slow one, burst", p95(BURST, 2), Bound::AtMost(1.2)),
        ]
    }

    /// One database against the other.
    fn between(&self) -> Vec<Aim> {
        let compare = |case: &'static str| {
            let rate = |engine| self.median(engine, case, |f| f.delivery_rate);
            let seen = over(rate(Engine::Postgres), rate(Engine::Sqlite));
            Aim { what: format!("Postgres / SQLite: deliveries/s, {case}"), seen, aim: Bound::AtLeast(0.5) }
        };
        vec![compare(ONE), compare(TEN)]
    }
}

fn over(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    Some(part? / whole?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seen: Option<f64>, aim: Bound, expect: Option<&str>) {
        let row = Aim { what: "x".into(), seen, aim }.row();
        assert_eq!(row.as_ref().map(|row| row[3].as_str()), expect);
    }

    #[test]
    fn aims_are_judged() {
        check(Some(0.2), Bound::AtLeast(0.15), Some("yes"));
        check(Some(0.1), Bound::AtLeast(0.15), Some("NO"));
        check(Some(3.1), Bound::AtMost(3.0), Some("NO"));
        check(Some(3.0), Bound::AtMost(3.0), Some("yes"));
        check(Some(1.0), Bound::Open, Some(""));
        check(None, Bound::Open, None);
        check(over(Some(1.0), Some(0.0)), Bound::Open, None);
    }
}
