//! How long a decision takes: `cargo run --release -p blackbar-policy --example decide`.
//!
//! Policies as a site grows them: a permit for each team and schema, forbids that people may lift for single tables, and a
//! few rules that concern everybody. Questions go round over teams, tables and bound values, so caches are warm but the
//! facts differ each time.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use blackbar_policy::{Action, Circumstances, Facts, PolicySet, Question, Resource, SqlFacts, Subject, SubjectKind};

const QUESTIONS: u64 = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    println!("policies      p50       p99       max    allowed  held  denied");
    for count in [10, 100, 1000] {
        let text = policies(count);
        let (set, _) = PolicySet::load([("site.cedar", &*text)])?;
        measure(&set, count);
    }
    Ok(())
}

fn policies(count: usize) -> String {
    let mut text = String::from(
        "@id(\"bulk\") @approval(\"privacy-officers\")
         forbid (principal, action in Action::\"read\", resource) when { context.rows_unbounded };
         @id(\"never\") forbid (principal is Agent, action in Action::\"sql_read\", resource)
         when { context.columns.contains(\"ssn\") };",
    );
    for number in 2..count {
        let (team, table) = (number % 40, number % 97);
        _ = match number % 3 {
            0 => writeln!(
                text,
                "@id(\"p{number}\") @approval(\"privacy-officers\")
                 forbid (principal, action in Action::\"sql_read\", resource == Table::\"ehr.clinical.t{table}\")
                 when {{ context has limit && context.limit > 1000 }};"
            ),
            _ => writeln!(
                text,
                "@id(\"p{number}\") @profile(\"agents\")
                 permit (principal in Group::\"team-{team}\", action in [Action::\"connect\", Action::\"read\"],
                     resource in Target::\"ehr\");"
            ),
        };
    }
    text
}

fn measure(set: &PolicySet, count: usize) {
    let mut times: Vec<Duration> = Vec::new();
    let mut outcomes = [0_u32; 3];
    let subjects: Vec<Subject> =
        (0..40).map(|team| Subject::new(SubjectKind::Agent, "agent-7", [format!("team-{team}")])).collect();
    let tables: Vec<Resource> = (0..97).map(|table| Resource::table("ehr", "clinical", &format!("t{table}"))).collect();
    let columns: BTreeSet<String> = ["id", "mrn", "birth_date", "zip"].map(String::from).into();
    for number in 0..QUESTIONS {
        let place = |modulus: u64| usize::try_from(number % modulus).unwrap_or_default();
        let facts = Facts::Sql(SqlFacts {
            kinds: ["select".to_owned()].into(),
            tables: [format!("clinical.t{}", place(97))].into(),
            columns: columns.clone(),
            functions: ["pg_catalog.lower".to_owned()].into(),
            has_where: number % 10 != 0,
            limit: (number % 3 == 0).then_some(number),
            rows_unbounded: number % 10 == 0,
            ..SqlFacts::default()
        });
        let circumstances = Circumstances::at(1_795_266_305_000 + i64::try_from(number).unwrap_or_default());
        let question = Question {
            subject: &subjects[place(40)],
            action: Action::Select,
            resource: &tables[place(97)],
            facts: &facts,
            circumstances: &circumstances,
        };
        let start = Instant::now();
        let decision = set.decide(&question);
        times.push(start.elapsed());
        outcomes[match decision {
            blackbar_policy::Decision::Allowed { .. } => 0,
            blackbar_policy::Decision::Held { .. } => 1,
            blackbar_policy::Decision::Denied { .. } => 2,
        }] += 1;
    }
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 1000).copied().unwrap_or_default();
    let max = times.last().copied().unwrap_or_default();
    let [allowed, held, denied] = outcomes;
    println!("{count:8} {:>9.1?} {:>9.1?} {max:>9.1?} {allowed:10} {held:5} {denied:7}", at(500), at(990));
}
