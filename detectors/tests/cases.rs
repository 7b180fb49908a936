//! The case files: what each detector must take when all are on, and what it must refuse.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use blackbar_corpus::cases::{self, Expect};
use blackbar_corpus::score::family;
use blackbar_engine::Rules;
use blackbar_engine::testing::laws;

use common::{SCANNER, case_format, values};

#[test]
fn every_case_is_taken_or_refused() {
    let all = cases::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/cases")).unwrap();
    let profile = Rules::mask_all(values()).build().unwrap();
    let mut wrong = Vec::new();
    for case in &all {
        let doc = case.text.as_bytes();
        let run = laws::stream(&SCANNER, &profile, case_format(case.format), doc, &[]);
        let id = |detector: usize| SCANNER.detectors().get(detector).map_or("memory", |detector| &*detector.id);
        let found = run.findings.iter().map(|f| (f.start, f.end, f.kind, id(f.detector)));
        let shown = || {
            let show = |&(start, end, kind, id): &(u64, u64, _, &str)| {
                let text = &doc[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
                format!("{kind} {id} {:?}", String::from_utf8_lossy(text))
            };
            found.clone().collect::<Vec<_>>().iter().map(show).collect::<Vec<_>>().join(", ")
        };
        let place = format!("{}:{}", case.file.file_name().unwrap().to_string_lossy(), case.line);
        match &case.expect {
            Expect::Takes { kind, spans } => {
                for span in spans {
                    let right = found.clone().any(|(start, end, found, _)| {
                        (start, end) == (span.start as u64, span.end as u64) && family(found.id()) == family(kind)
                    });
                    if !right {
                        wrong.push(format!("{place}: takes {:?}: {}", &case.text[span.clone()], shown()));
                    }
                }
            }
            Expect::Refuses => {
                if found.clone().any(|(.., id)| id == case.detector) {
                    wrong.push(format!("{place}: refuses {:?}: {}", case.text, shown()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn the_registry_is_complete() {
    let all = cases::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/cases")).unwrap();
    let with_cases: BTreeSet<&str> = all.iter().map(|case| &*case.detector).collect();
    let mut ids = BTreeSet::new();
    for detector in blackbar_detectors::ALL {
        let id = &*detector.id;
        assert!(ids.insert(id), "`{id}` is listed twice");
        assert!(with_cases.contains(id), "`{id}` has no corpus/cases/{id}.toml");
        assert!(
            detector.takes.len() > 10 && detector.refuses.len() > 10,
            "`{id}` does not say what it takes and refuses"
        );
        assert!(!detector.class.is_empty(), "`{id}` has no HIPAA class");
    }
    assert!(with_cases.iter().all(|id| ids.contains(id)), "a case file belongs to no detector");
}
